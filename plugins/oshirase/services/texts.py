"""Texts: a campaign's variants as they will arrive, and all that speaks against sending them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oshirase.domain.campaign import Campaign, City, Variant
from oshirase.domain.text import SAMPLE_FIELDS, BadText, count_parts, field_in_words, names_in, render
from oshirase.domain.wording import Finding, Rule, check_wording


@dataclass(frozen=True)
class ComposedText:
    """A variant's text for one set of the cohort's fields; `recipients` get it."""

    variant: Variant
    fields: Mapping[str, Any]
    recipients: int
    body: str
    findings: tuple[Finding, ...]

    @property
    def parts(self) -> int:
        """Billable parts of one message."""
        return count_parts(self.body)


@dataclass(frozen=True)
class Composer:
    """Composes a campaign's texts; `kinds` says of each field that the cohort declares what kind it is."""

    campaign: Campaign
    city: City
    kinds: Mapping[str, str]

    def compose(self, arm: str, fields: Mapping[str, Any], recipients: int) -> ComposedText:
        """The text of an arm for one set of the cohort's fields."""
        variant = next(variant for variant in self.campaign.variants if variant.name == arm)
        try:
            body = render(variant.body, self._names(fields))
        except BadText as error:
            wrong = Finding(Rule.TEMPLATE, variant.name, f"差し込みに誤りがあります（{error}）。")
            return ComposedText(variant, fields, recipients, "", (wrong,))
        findings = check_wording(variant.name, body, self.campaign, self.city)
        return ComposedText(variant, fields, recipients, body, tuple(findings))

    def sample(self, variant: Variant) -> ComposedText:
        """A variant's text with fields made up, for checks before there is a cohort."""
        return self.compose(variant.name, {name: SAMPLE_FIELDS[kind] for name, kind in self.kinds.items()}, 0)

    def findings(self, composed: Sequence[ComposedText]) -> list[Finding]:
        """All that is wrong with any text of the campaign, also of variants that nobody among `composed` gets."""
        unknown = [finding for variant in self.campaign.variants for finding in self._unknown_names(variant)]
        misnamed = {finding.variant for finding in unknown}
        drawn = {text.variant.name for text in composed}
        texts = [*composed, *(self.sample(variant) for variant in self.campaign.variants if variant.name not in drawn)]
        others = [finding for text in texts for finding in text.findings]
        told = [f for f in others if f.rule != Rule.TEMPLATE or f.variant not in misnamed]
        return list(dict.fromkeys([*unknown, *told]))

    def _unknown_names(self, variant: Variant) -> Iterable[Finding]:
        try:
            unknown = names_in(variant.body) - {*self._city_names(), *self.kinds}
        except BadText:
            return  # rendering says so
        known = "、".join(self.kinds) or "ありません"
        for name in sorted(unknown):
            problem = f"差し込めない項目「{name}」があります（この対象者の項目: {known}）。"
            yield Finding(Rule.TEMPLATE, variant.name, problem)

    def _names(self, fields: Mapping[str, Any]) -> dict[str, str | int]:
        if set(fields) != set(self.kinds):
            raise BadText(f"the cohort has the fields {', '.join(fields)}, and declares {', '.join(self.kinds)}")
        return self._city_names() | {name: field_in_words(kind, fields[name]) for name, kind in self.kinds.items()}

    def _city_names(self) -> dict[str, str]:
        section = self.city.sections[self.campaign.section]
        return {
            "city": self.city.name,
            "representative_phone": self.city.representative_phone,
            "section": section.name,
            "section_phone": section.phone,
        }
