"""
# 高齢者インフルエンザ予防接種のお知らせ

10月から11月までの月曜日・木曜日 10:00 に、65歳以上の方へ順にお送りします。1年度に1人1通です。

* **対象** include/sql/cohort/public_notice.sql（年齢は config/campaigns/public_notice.toml）
* **送らない方** 転出・死亡の方、SMS不要のお申し出があった方、支援措置対象の方など（判定順は docs/screening.md）
* **件数** 1回あたりの上限を超えた方は、次の回へ繰り越します
* **承認** 「④ 承認」で、件数・文面・送信日時を確認し、確認コードを入力してください。承認されるまで何も送信されません
* **送信** 承認後、業務時間内の送信予約として事業者へ引き渡します。送信までに転出などが判明した方の予約は取り消します
* **やり直し** 失敗した手順は「Clear」で何度でもやり直せます。同じ年度のお知らせが同じ方に二度届くことはありません
* **手動実行** 予定日を空欄にすると、直近の予定日の分を実行します。すでに実行済みの予定日は、同じ実行回の続きになります
"""

from oshirase.orchestration.campaign_dag import campaign_dag  # an Airflow DAG: config/campaigns/public_notice.toml

public_notice = campaign_dag("public_notice", doc_md=__doc__)
