"""
# コンソールの送信結果の取込み

SMS コンソールからダウンロードした結果ファイルを読み取り、送達結果（着信・不達・送信エラー・取消）を台帳に記録します。

* **置き場所** 共有フォルダの results に、ダウンロードしたファイルをそのまま置いてください。取り込んだファイルは archive へ移ります
* **照合できない行** 行番号と理由だけを、archive の「.unmatched.csv」で終わるファイルに書き出します
* **手作業の一覧** アップロード待ちのファイルと、コンソールで取り消す予約を、lists に書き出します（docs/console.md）
* **いつ** 15 分ごと
* **やり直し** 何度実行しても結果は変わりません。同じファイルを二度置いても、二重に記録されることはありません
"""

from oshirase.orchestration.console_results import read_console_results_dag  # an Airflow DAG

read_console_results = read_console_results_dag(doc_md=__doc__)
