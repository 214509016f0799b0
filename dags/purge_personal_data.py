"""
# 保存期間を過ぎた個人情報の削除

設定（`config/city.toml` の `[retention]`）の保存期間が過ぎた電話番号・文面・宛名番号などを削除します。

* **いつ** 毎日 2:00
* **残るもの** 件数・経過・効果の集計と、同じお知らせを二度送らないための識別値（元の番号には戻せません）
* **削除しないもの** 送信前・引渡し中・送達結果を待っているお知らせと、その実行回。結果不明のまま古くなったものは、職員の判断が済むまで残ります
* **確かめ方** 削除される件数は、コマンド `oshirase purge --dry-run` で事前に確かめられます。削除した内容と件数は `ledger.purge` に残ります
* **やり直し** 何度実行しても、途中で止まっても、続きから行われます。削除したものは元に戻せません
"""

from oshirase.orchestration.purge_dag import purge_personal_data_dag  # an Airflow DAG

purge_personal_data = purge_personal_data_dag(doc_md=__doc__)
