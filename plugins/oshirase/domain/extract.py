"""Extracts of the business system: the layout of their files as `config/extracts/NAME.toml` says it, and what is wrong.

What a file may say wrongly comes in two sizes: a row that cannot be loaded is rejected and the file goes on
(`RowIssue`); a file that cannot be trusted is refused whole, and nothing changes (`FileRefused`).
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from oshirase.domain.calendar import JST
from oshirase.domain.console import Folder, normalise
from oshirase.domain.settings import NamedSettings, Settings, Text
from oshirase.domain.values import VALUE_SENTENCES, ValueIssue
from oshirase.errors import OshiraseError

# The table of re-issued and merged ids: every other extract is read with their help.
ID_CHANGES = "id_change"

Encoding = Literal["utf-8", "utf-8-sig", "cp932", "utf-16"]


class ColumnKind(StrEnum):
    """How a cell is read."""

    CODE = "code"
    DATE = "date"
    YEAR = "year"
    NUMBER = "number"
    AMOUNT = "amount"
    CHOICE = "choice"
    PHONE = "phone"


class Column(Settings):
    """A column of the records table, and where a file says it."""

    headings: tuple[Text, ...] = ()
    """The names that the file may have for it; none: the column is always `default`."""
    kind: ColumnKind = ColumnKind.CODE
    required: bool = True
    default: str | None = None
    """What an empty cell stands for; without headings, what every row has."""
    may_be_absent: bool = False
    """Whether a file may lack the column. Never for what protects somebody."""
    minimum: int | None = None
    maximum: int | None = None
    values: dict[Text, str] = Field(default_factory=dict)
    """For choices: the file's words, and the value of each."""
    is_resident: bool = False
    """An id of a resident: a re-issued one is loaded under the id that the records had first."""

    @model_validator(mode="after")
    def _says_enough(self) -> "Column":
        if (self.kind == ColumnKind.CHOICE) != bool(self.values):
            raise ValueError('kind = "choice" と values は、両方書くか、両方とも書かないでください')
        if not self.headings and self.default is None:
            raise ValueError("headings か default のどちらかを書いてください")
        if self.may_be_absent and self.required and self.default is None:
            raise ValueError("may_be_absent = true のときは、default か required = false も書いてください")
        return self

    def words(self) -> dict[str, str]:
        """Choices as they are compared: half and full width make no difference."""
        return {normalise(word): value for word, value in self.values.items()}


class Layout(NamedSettings):
    """One file that the business system exports (`config/extracts/NAME.toml`)."""

    title: Text
    """What it brings, in the words of staff."""
    table: Text
    """The table of the schema `records`."""
    file_name: Text
    """The file's name with the time of the extract in it (strptime, JST): "shuno_%Y%m%d%H%M.csv"."""
    encoding: Encoding | None = None
    """Without it: UTF-16 by its mark, else UTF-8 when all of it is, else CP932."""
    separator: Literal[",", "\t", ";"] = ","
    ends_with_line_end: bool = True
    """A file without an end to its last line was cut off; false where the vendor writes none."""
    mode: Literal["snapshot", "delta"]
    minimum_share: float = Field(default=0.9, ge=0, le=1)
    """A snapshot with fewer rows than this share of what is known is refused."""
    key: tuple[Text, ...] = Field(min_length=1)
    one_of: tuple[Text, ...] = ()
    """Of these columns a row must fill one."""
    columns: dict[Text, Column] = Field(min_length=1)

    @model_validator(mode="after")
    def _columns_agree(self) -> "Layout":
        if unknown := {*self.key, *self.one_of} - set(self.columns):
            raise ValueError(f"key か one_of にある次の列が columns にありません: {'、'.join(sorted(unknown))}")
        headings = [normalise(heading) for column in self.columns.values() for heading in column.headings]
        if repeated := {heading for heading in headings if headings.count(heading) > 1}:
            raise ValueError(f"columns で次の見出しが2回使われています: {'、'.join(sorted(repeated))}")
        if sum(column.kind == ColumnKind.PHONE for column in self.columns.values()) > 1:
            raise ValueError('columns で kind = "phone" の列は1つだけにしてください')
        if "%" not in self.file_name:
            raise ValueError("file_name には抽出の日時を shuno_%Y%m%d%H%M.csv のように含めてください")
        return self

    def as_of(self, file_name: str) -> datetime | None:
        """The time of the extract that a file's name tells; None when the name is not one of this layout."""
        try:
            return datetime.strptime(normalise(file_name), self.file_name).replace(tzinfo=JST)
        except ValueError:
            return None


class DropFolders(Settings):
    """Folders inside $OSHIRASE_EXTRACT_FOLDER."""

    drop: Folder
    archive: Folder
    refused: Folder
    reports: Folder


class Ingest(Settings):
    """Where extracts arrive, and when one is complete (`config/ingest.toml`)."""

    folders: DropFolders
    complete: Literal["marker", "settled"]
    """"marker": NAME + marker lies beside a complete file; "settled": nobody has written to it for a while."""
    marker: Text = ".done"
    settle_seconds: Annotated[int, Field(ge=0)] = 60


class RowIssue(StrEnum):
    """Why a row is rejected, beside what `ValueIssue` says of a single cell."""

    WRONG_NUMBER_OF_CELLS = "wrong_number_of_cells"
    BROKEN_QUOTES = "broken_quotes"
    REPEATED_KEY = "repeated_key"
    CONTRADICTORY = "contradictory"


ROW_SENTENCES = {
    **{str(issue): sentence for issue, sentence in VALUE_SENTENCES.items()},
    RowIssue.WRONG_NUMBER_OF_CELLS: "列の数が見出しと異なります。区切り文字が値に含まれていないかご確認ください。",
    RowIssue.BROKEN_QUOTES: '引用符（"）の使い方が正しくないため、この行までを読み取れません。',
    RowIssue.CONTRADICTORY: "行の中の項目どうしが合いません（取消の金額は負、それ以外は正など）。値をご確認ください。",
    RowIssue.REPEATED_KEY: "同じ番号の行が複数あり、内容が異なります。どの行が正しいかご確認ください。",
}
assert set(ROW_SENTENCES) >= {*ValueIssue, *RowIssue}


class FileIssue(StrEnum):
    """Why a file is refused whole."""

    UNKNOWN_NAME = "unknown_name"
    NOT_A_FILE = "not_a_file"
    NOT_READABLE = "not_readable"
    EMPTY = "empty"
    WRONG_ENCODING = "wrong_encoding"
    MISSING_COLUMN = "missing_column"
    REPEATED_HEADING = "repeated_heading"
    TRUNCATED = "truncated"
    TOO_FEW_ROWS = "too_few_rows"
    TOO_OLD = "too_old"
    NOT_LOADABLE = "not_loadable"


FILE_SENTENCES = {
    FileIssue.UNKNOWN_NAME: "ファイル名が config/extracts のどの設定とも一致しません。名前をご確認ください。",
    FileIssue.NOT_A_FILE: "通常のファイルではありません（フォルダ・リンクなど）。ファイルそのものを置いてください。",
    FileIssue.NOT_READABLE: "ファイルを開く権限がありません。フォルダの管理者に権限の設定を依頼してください。",
    FileIssue.EMPTY: "ファイルが空です。もう一度出力してください。",
    FileIssue.WRONG_ENCODING: "文字コードが異なり、{where}で読み取れなくなりました。出力の設定をご確認ください。",
    FileIssue.MISSING_COLUMN: "必要な見出し（{where}）がありません。出力項目と config/extracts をご確認ください。",
    FileIssue.REPEATED_HEADING: "同じ見出し（{where}）が複数あり、どれを使うか決められません。",
    FileIssue.TRUNCATED: "ファイルが途中で切れています（{where}）。もう一度出力してください。",
    FileIssue.TOO_FEW_ROWS: "取込み済みの件数に比べて少なすぎます（{where}）。全件の出力かご確認ください。",
    FileIssue.TOO_OLD: "取込み済みのもの（{where}時点）より古い時点の出力です。最新のものを置いてください。",
    FileIssue.NOT_LOADABLE: "記録の決まり（{where}）に合わない値があり、取り込めません。担当者にお知らせください。",
}


class FileRefused(OshiraseError):
    """A file of which nothing is loaded; the message is the sentence for staff."""

    def __init__(self, issue: FileIssue, where: str = "") -> None:
        super().__init__(FILE_SENTENCES[issue].format(where=where))
        self.issue = issue
