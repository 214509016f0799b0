"""
# 送達結果の取込み

引き渡したお知らせの送達結果（着信・不達・送信エラー・取消）を事業者へ問い合わせ、台帳に記録します。

* **いつ** 平日・休日とも 15 分ごと
* **やり直し** 何度実行しても結果は変わりません。遅れて届いた結果や重複した結果も安全に取り込みます
"""

from oshirase.orchestration.upkeep_dags import collect_receipts_dag  # an Airflow DAG

collect_receipts = collect_receipts_dag(doc_md=__doc__)
