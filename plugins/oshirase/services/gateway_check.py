"""Whether a gateway lets us in, and what to do when it does not, for whoever set the connection up."""

from oshirase.adapters.gateways.karaden import KaradenAccount, KaradenGateway
from oshirase.adapters.transport import Distrust
from oshirase.domain.gateway import GatewayError, Refused
from oshirase.errors import OshiraseError, UnsafeConnection

DISTRUSTED = {
    Distrust.UNTRUSTED: "ゲートウェイの証明書を確かめられません。庁内の認証局を使うときは、その証明書のファイルを接続の"
    "「認証局の証明書ファイル」（ca_file）に指定してください。",
    Distrust.WRONG_NAME: "ゲートウェイの証明書が、別のホスト名のものです。URL を確かめてください。"
    "URL が正しいときは、通信が別の相手に向けられているおそれがあります。ネットワークの管理者に知らせてください。",
    Distrust.WRONG_TIME: "ゲートウェイの証明書の有効期間の外です。このサーバーの時計を確かめてください。"
    "時計が正しいときは、事業者に問い合わせてください。",
    Distrust.NO_TLS: "相手が暗号化（TLS）に応じません。URL とポート番号を確かめてください。",
}


def check_connection(name: str, account: KaradenAccount) -> None:
    """Ask the gateway for one message of its list.

    Raises:
        GatewayError: it does not let us in.
        UnsafeConnection: the connection is not set up so that the token may be sent.
    """
    gateway = KaradenGateway(name, account)
    try:
        gateway.check()
    finally:
        gateway.close()


def explain(error: GatewayError | OshiraseError) -> str:
    """What is wrong and what to do, in Japanese; what else was told stands behind it. No token is in it."""
    if isinstance(error, UnsafeConnection):
        return (
            f"接続の設定が安全ではありません。URL は https:// で始め、ca_file のファイルを確かめてください（{error}）。"
        )
    if isinstance(error, Refused) and error.code in {*Distrust}:
        return f"{DISTRUSTED[Distrust(error.code)]}（{error}）"
    return str(error)
