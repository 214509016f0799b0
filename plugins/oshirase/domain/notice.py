"""A notice's states and the reasons not to send it, with the words that staff read."""

from enum import StrEnum


class NoticeState(StrEnum):
    """Where a notice stands; the permitted ways between states are the table `ledger.transition`."""

    PLANNED = "planned"
    SUPPRESSED = "suppressed"
    HELD_OUT = "held_out"
    DEFERRED = "deferred"
    CLAIMED = "claimed"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


STATE_LABELS = {
    NoticeState.PLANNED: "送信予定",
    NoticeState.SUPPRESSED: "対象外",
    NoticeState.HELD_OUT: "比較のため送信なし",
    NoticeState.DEFERRED: "次回へ繰越",
    NoticeState.CLAIMED: "引渡し中",
    NoticeState.UNKNOWN: "結果不明",
    NoticeState.ACCEPTED: "引渡し済み",
    NoticeState.REJECTED: "受付拒否",
    NoticeState.DELIVERED: "着信",
    NoticeState.UNDELIVERED: "不達",
    NoticeState.FAILED: "送信エラー",
    NoticeState.CANCELLED: "予約取消",
    NoticeState.EXPIRED: "送信せず終了",
}

# In the order of judgement: the first that applies is the reason that is kept (docs/screening.md).
SUPPRESSION_LABELS = {
    "not_selected": "抽出対象外に変更",
    "not_in_records": "住民情報なし",
    "protected": "支援措置対象",
    "deceased": "死亡",
    "moved_out": "転出",
    "minor": "未成年",
    "withdrawn": "調定・分割納付の取消し",
    "screened": "受診済み",
    "settled": "納付済み",
    "deferral_pending": "徴収猶予申請中",
    "reduction_pending": "減免申請中",
    "enforcement": "滞納処分中",
    "suspended_enforcement": "執行停止中",
    "bankruptcy": "破産手続中",
    "disputed": "審査請求中",
    "in_consultation": "納付相談中",
    "on_plan": "分割納付中",
    "plan_ended": "分割納付の終了・取消し",
    "direct_debit": "口座振替",
    "not_insured": "資格喪失",
    "over_age": "75歳到達",
    "not_eligible": "健診の対象外",
    "opted_out": "SMS送信停止の申出",
    "no_phone": "電話番号なし",
    "phone_unusable": "SMSを送れない電話番号",
    "phone_changed": "電話番号の変更",
    "phone_not_confirmed": "電話番号の確認が古い",
    "phone_of_protected": "支援措置対象者と共有の電話番号",
    "already_reminded": "同じ内容を案内済み",
    "superseded": "後の回で案内済み",
    "recently_reminded": "最近ほかのお知らせを送信",
    "shared_phone": "同じ電話番号へ送信あり",
    "found_at_gateway": "復元前に送信済みの可能性",
}

# Why a notice stands in any other state than suppressed. What a gateway reports (status/result of sending) where staff
# have a word for it; any other code of its own is shown as it is.
OTHER_REASON_LABELS = {
    "erased": "ご本人の請求による削除",
    "stopped": "送信の停止",
    "rejected": "差し戻し",
    "expired": "実行回の期限切れ",
    "window_closed": "送信時間の終了",
    "not_uploaded": "アップロードせず取りやめ",
    "in_upload_file": "アップロード待ち",
    "given_back": "引渡し前に中断",
    "gateway_busy": "事業者の混雑",
    "send_again": "再送することに決定",
    "left": "送らないことに決定",
    "not_found": "事業者に見つからず",
    "lease_expired": "引渡しの中断",
    "no_receipt": "送達結果なし",
    "done/unconnected": "圏外・電源切れ",
    "done/unknown": "着信を確認できず",
    "done/error": "お届けできず",
    "error/none": "送信期限までに送信できず",
}

# Whose telephone a message was for, as gateways call them.
CARRIER_LABELS = {
    "docomo": "NTTドコモ",
    "au": "au（KDDI）",
    "softbank": "ソフトバンク",
    "rakuten": "楽天モバイル",
    "unknown": "携帯電話会社不明",
}


def reason_in_words(reason: str) -> str:
    """A notice's reason as staff read it."""
    return SUPPRESSION_LABELS.get(reason) or OTHER_REASON_LABELS.get(reason, reason)


def carrier_in_words(carrier: str) -> str:
    """A carrier as staff read it; one that is new goes by the gateway's name for it."""
    return CARRIER_LABELS.get(carrier, carrier)
