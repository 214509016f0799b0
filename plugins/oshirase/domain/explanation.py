"""Why somebody got a message or got none, as a clerk can say it on the telephone; a sentence for each state and reason.

The reasons are those of docs/screening.md. A resident hears the sentence: it must not disclose what only the city may
know, least of all that somebody is under address protection.
"""

from datetime import date

from oshirase.domain.notice import NoticeState

STATE_EXPLANATIONS = {
    NoticeState.PLANNED: "これからお送りする予定です。まだお送りしていません。",
    NoticeState.SUPPRESSED: "お送りしていません。",
    NoticeState.HELD_OUT: "お知らせの効果を確かめるため、無作為に選ばれた一部の方にはお送りしていません。",
    NoticeState.DEFERRED: (
        "一度にお送りできる件数を超えたため、この回ではお送りしていません。次の回に改めて確認します。"
    ),
    NoticeState.CLAIMED: "ただいまお送りする手続きの途中です。",
    NoticeState.UNKNOWN: (
        "送信事業者からの返答が途切れたため、お届けできたか確認できていません。届いている可能性があります。"
    ),
    NoticeState.ACCEPTED: "送信事業者へ引き渡しました。送信予定の時刻以降に届きます。",
    NoticeState.REJECTED: "送信事業者が受け付けなかったため、お送りしていません。",
    NoticeState.DELIVERED: "お送りし、電話機に届いたことを確認しています。",
    NoticeState.UNDELIVERED: "お送りしましたが、電話機に届かなかったと報告を受けています。",
    NoticeState.FAILED: "送信事業者で送信できなかったため、届いていません。",
    NoticeState.CANCELLED: "送信の予約を、送信の前に取り消しました。お送りしていません。",
    NoticeState.EXPIRED: "お送りしないまま、この回を終了しました。",
}

REASON_EXPLANATIONS = {
    "not_selected": "抽出をやり直した時点で、お知らせの対象ではなくなっていたためです。",
    "not_in_records": "住民情報が見つからなかったためです。",
    # Whoever calls may be the one from whom the person is protected.
    "protected": "個別の事情により、お送りしない取扱いになっているためです。",
    "deceased": "お亡くなりになったとの届出があるためです。",
    "moved_out": "転出されたとの届出があるためです。",
    "minor": "18歳未満の方にはお送りしていないためです。",
    "withdrawn": "お知らせの対象となる保険料や分割納付の記録が、取り消されているためです。",
    "screened": "世帯のどなたかが、今年度の健診をすでに受診されているためです。",
    "settled": "納付を確認できたためです。",
    "deferral_pending": "徴収猶予の申請をお受けしている間は、お送りしていないためです。",
    "reduction_pending": "減免の申請をお受けしている間は、お送りしていないためです。",
    "enforcement": "個別に手続きをご案内しているためです。",
    "suspended_enforcement": "個別の事情により、納付のお知らせを見合わせているためです。",
    "bankruptcy": "破産の手続きに関する届出をお受けしているためです。",
    "disputed": "審査請求をお受けしている間は、お送りしていないためです。",
    "in_consultation": "納付のご相談をお受けしている間は、お送りしていないためです。",
    "on_plan": "分割納付のお約束をいただいているためです。",
    "plan_ended": "分割納付が完了したか、取り消されているためです。",
    "direct_debit": "口座振替で納付いただくことになっているためです。",
    "not_insured": "この保険の資格がなくなっているためです。",
    "over_age": "75歳になられ、後期高齢者医療の健診の対象に変わられたためです。",
    "not_eligible": "今年度の特定健診の対象になっていないためです。",
    "opted_out": "SMSの送信を希望されないとのお申出をいただいているためです。",
    "no_phone": "お電話番号の登録がないためです。",
    "phone_unusable": "ご登録のお電話番号が、SMSを受け取れない番号（固定電話など）のためです。",
    "phone_changed": "ご登録のお電話番号が、送信の準備の後に変わったためです。",
    "phone_not_confirmed": "ご登録のお電話番号が長い間確認されておらず、番号が変わっている可能性があるためです。",
    "phone_of_protected": "ご登録のお電話番号には、個別の事情によりお送りしない取扱いになっているためです。",
    "already_reminded": "同じ内容のお知らせを、すでにお送りしているためです。",
    "superseded": "後の回で、すでにお知らせしているためです。",
    "recently_reminded": "同じお電話番号に、最近ほかのお知らせをお送りしているためです。",
    "shared_phone": "同じお電話番号をご登録の方に、この回のお知らせをお送りしているためです。",
    "found_at_gateway": "同じお電話番号に、すでにお知らせをお送りしている可能性があるためです。",
    "erased": "ご本人の請求により、個人情報を削除したためです。",
    "stopped": "担当課の判断で、この回の送信を停止したためです。",
    "rejected": "担当課の確認の結果、この回の送信を取りやめたためです。",
    "expired": "期限までに送信の準備が整わなかったためです。",
    "window_closed": "送信できる時間を過ぎたためです。",
    "not_uploaded": "送信の手続きを取りやめたためです。",
    "in_upload_file": "送信用のファイルを作成し、送信の手続きを待っているためです。",
    "given_back": "送信の途中で中断したため、改めてお送りする予定です。",
    "gateway_busy": "送信事業者が混み合っていたため、改めてお送りする予定です。",
    "send_again": "届いていない可能性が高いため、職員の判断で改めてお送りすることにしています。",
    "left": "届いている可能性が残るため、職員の判断で重ねてはお送りしないことにしています。",
    "not_found": "送信事業者に問い合わせましたが、送信の記録が見つかりませんでした。",
    "lease_expired": "送信の途中で処理が中断したためです。",
    "no_receipt": "お送りしてから時間が経っても、届いたかどうかの報告がありません。",
    "done/unconnected": "電話機が圏外か、電源が切れていたためです。",
    "done/unknown": "電話機に届いたかどうかを、携帯電話会社が確認できなかったためです。",
    "done/error": "携帯電話会社から、お届けできなかったとの報告を受けたためです。",
    "error/none": "送信の期限までに送信できなかったためです。",
}

# Why a cohort selected somebody, by the first part of what the notice is about; all other subjects are information.
SELECTION_EXPLANATIONS = {
    "nhi": "納期限を過ぎた時点で、この期の納付を確認できなかったため、対象になりました。",
    "late_elderly": "納期限を過ぎた時点で、この期の納付を確認できなかったため、対象になりました。",
    "plan": "分割納付のお約束の期日までの納付を、すべては確認できなかったため、対象になりました。",
    "check_up": "世帯のどなたについても、近年の特定健診の受診を確認できなかったため、対象になりました。",
}
INFORMATION_SELECTED = "年齢などの条件に当てはまる方へのお知らせのため、対象になりました。"

# What became known after a message had left: whether it crossed with the payment or the check-up.
CROSSED = "納付や受診の記録がこちらに届く前にお送りしたため、行き違いになりました。"
SETTLED_SINCE = "お送りした後に、納付や受診を確認しています。"

# Neither the reason nor that there is one may be told to whoever calls.
CONFIDENTIAL_REASONS = frozenset({"protected", "phone_of_protected"})


def explain(state: str, reason: str | None) -> list[str]:
    """Sentences for who asks: what became of the notice, and why; a gateway's own codes explain nothing."""
    sentences = [STATE_EXPLANATIONS[NoticeState(state)]]
    if reason in REASON_EXPLANATIONS:
        sentences.append(REASON_EXPLANATIONS[reason])
    return sentences


def explain_selection(subject: str) -> str:
    """A sentence for who asks why they were to get a notice at all."""
    return SELECTION_EXPLANATIONS.get(subject.split("/", maxsplit=1)[0], INFORMATION_SELECTED)


def explain_settlement(settled_on: date | None, sent_on: date | None) -> list[str]:
    """A sentence about a message that left, when its subject is settled by now; none otherwise."""
    if settled_on is None or sent_on is None:
        return []
    return [CROSSED if settled_on <= sent_on else SETTLED_SINCE]
