"""
# 分割納付 納付確認のお知らせ

毎月の納期限の5営業日後 10:00 に、分割納付のお約束より納付額が少ない方へお送りします。

* **対象** include/sql/cohort/plan_default.sql（約束の日以後に納付された額で判定します）
* **送らない方** お約束分を納付済みの方、分割納付が終了・取消しとなった方、納付相談中・減免申請中・支援措置対象の方など（判定順は docs/screening.md）
* **承認** 「④ 承認」で、件数・文面・送信日時を確認し、確認コードを入力してください。承認されるまで何も送信されません
* **送信** 承認後、業務時間内の送信予約として事業者へ引き渡します。送信までに納付が確認できた方の予約は取り消します
* **やり直し** 失敗した手順は「Clear」で何度でもやり直せます。同じ回のお約束について、同じ方に二度届くことはありません
* **手動実行** 予定日を空欄にすると、直近の予定日の分を実行します。すでに実行済みの予定日は、同じ実行回の続きになります
"""

from oshirase.orchestration.campaign_dag import campaign_dag  # an Airflow DAG: config/campaigns/plan_default.toml

plan_default = campaign_dag("plan_default", doc_md=__doc__)
