"""
# 台帳の封印

お知らせの状態の変更と承認の記録に、5分ごとに鍵付きの封印をします。封印した記録を後から誰かが変えたり消したりすると、
コマンド `oshirase audit verify` で分かります。

* **いつ** 5分ごと。書込み中の記録は次の回に封印します
* **控え** 最後の封印の番号と値は、実行のログと Airflow の変数にも残ります。データベースだけを書き換えても隠せません
* **失敗したとき** 封印が消えたか、作り直されています。自動ではやり直しません。記録を直したり消したりせず、
  docs/runbook.md の `audit verify` をご覧ください。バックアップから戻した直後の1回は、必ずここで止まります
* **やり直し** 何度実行しても、同じ記録を二重に封印することはありません
"""

from oshirase.orchestration.seal_dag import seal_ledger_dag  # an Airflow DAG

seal_ledger = seal_ledger_dag(doc_md=__doc__)
