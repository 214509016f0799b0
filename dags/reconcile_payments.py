"""
# 納付状況との照合

送信予約のうち、その後に納付や相談などが確認できた方の分と、送信を停止した実行回の分を事業者で取り消します。送信後に納付が確認できた
分は結果として記録します。

* **いつ** 5 分ごとと、送信の停止の直後（取消しは送信予約の 5 分前まで）
* **やり直し** 何度実行しても、取り消した予約が復活したり、二重に記録されたりすることはありません
"""

from oshirase.orchestration.upkeep_dags import reconcile_payments_dag  # an Airflow DAG

reconcile_payments = reconcile_payments_dag(doc_md=__doc__)
