"""
# 特定健診 受診のご案内

8月から9月までの火曜日・金曜日 10:00 に、2年続けて受診が確認できない世帯へお送りします。1世帯に1通です。

* **対象** include/sql/cohort/households_unscreened.sql（今年度に40歳から74歳になる国民健康保険の加入者がいる世帯）
* **送らない方** 受診が確認できた世帯、75歳になった方、妊娠中・入院中・施設入所中の方、支援措置対象の方など（判定順は docs/screening.md）
* **件数** 期間の予定件数（config/campaigns/health_check.toml の season_quota）を、残りの回で等分します。入りきらない世帯は次の回へ繰り越します
* **承認** 「④ 承認」で、件数・文面・送信日時を確認し、確認コードを入力してください。承認されるまで何も送信されません
* **送信** 承認後、業務時間内の送信予約として事業者へ引き渡します。送信までに受診が確認できた世帯の予約は取り消します
* **やり直し** 失敗した手順は「Clear」で何度でもやり直せます。同じ年度のご案内が同じ世帯に二度届くことはありません
* **手動実行** 予定日を空欄にすると、直近の予定日の分を実行します。すでに実行済みの予定日は、同じ実行回の続きになります
"""

from oshirase.orchestration.campaign_dag import campaign_dag  # an Airflow DAG: config/campaigns/health_check.toml

health_check = campaign_dag("health_check", doc_md=__doc__)
