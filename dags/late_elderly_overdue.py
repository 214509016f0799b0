"""
# 後期高齢者医療保険料 納付確認のお知らせ

納期限の3営業日後 10:00 に、直近の納期分の納付が確認できない被保険者ご本人へお送りします。

* **対象** include/sql/cohort/premium_overdue.sql（特別徴収の方は含みません）
* **送らない方** 納付済み・納付相談中・減免申請中・分割納付中・口座振替・支援措置対象の方など（判定順は docs/screening.md）
* **承認** 「④ 承認」で、件数・文面・送信日時を確認し、確認コードを入力してください。承認されるまで何も送信されません
* **送信** 承認後、業務時間内の送信予約として事業者へ引き渡します。送信までに納付が確認できた方の予約は取り消します
* **やり直し** 失敗した手順は「Clear」で何度でもやり直せます。同じ納期分のお知らせが同じ方に二度届くことはありません
* **手動実行** 予定日を空欄にすると、直近の予定日の分を実行します。すでに実行済みの予定日は、同じ実行回の続きになります
"""

from oshirase.orchestration.campaign_dag import (
    campaign_dag,  # an Airflow DAG: config/campaigns/late_elderly_overdue.toml
)

late_elderly_overdue = campaign_dag("late_elderly_overdue", doc_md=__doc__)
