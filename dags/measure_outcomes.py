"""
# 効果の測定

お知らせを送った方と、比較のため送らなかった方について、その後の納付・受診を記録から数え、効果を集計します。

* **いつ** 毎日 6:30。結果がまだわからない期間は「まだわかりません」とし、遅れて届いた結果は次の集計で反映します
* **見る場所** お知らせごとの「効果」の画面、またはコマンド `oshirase report`
* **記録の残り方** 前の集計は上書きせずに残します。内容が前回と同じ日は、新しい行を作りません
* **個人情報** 集計には人数と金額だけを残し、どなたの結果かは残しません
* **やり直し** 何度実行しても、二重に数えることはありません
"""

from oshirase.orchestration.measurement_dag import measure_outcomes_dag  # an Airflow DAG

measure_outcomes = measure_outcomes_dag(doc_md=__doc__)
