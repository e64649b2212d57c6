"""Rules whose points or credit expire: in sentences, in four languages, and through the form and back."""

import pytest

from contracts.program import Program
from services.links.programs.domain import form, words
from services.ui import Format, load_speech
from tests.unit.links.test_programs import CATALOGUES, EVENT_RULES, FORMAT, SPEECH, WHOLE

EXPIRING = Program.model_validate(
    WHOLE.model_dump(mode="json")
    | {
        "rewards": [
            WHOLE.model_dump(mode="json")["rewards"][0] | {"expires_after_days": 90},
            WHOLE.model_dump(mode="json")["rewards"][1] | {"pay_as": "points", "expires_after_days": 365},
        ],
        "event_rewards": [EVENT_RULES[0] | {"pay_as": "points", "expires_after_days": 1}],
        "milestone_rewards": [
            {"name": "five", "on": {"of": "friends", "every": 5}, "give": {"kind": "fixed", "amount_minor": 5}}
            | {"expires_after_days": 21}
        ],
    }
)


def test_ambassadors_are_promised_what_can_be_used_how_long() -> None:
    promised = [line for line in words.promises(EXPIRING, SPEECH, FORMAT) if "expires" in line]
    assert promised == [
        f"It can be used for {days} after it becomes available, and then expires."
        for days in ("90 days", "365 days", "1 day", "21 days")
    ]
    assert not [line for line in words.promises(WHOLE, SPEECH, FORMAT) if "expires" in line]
    for language, day in (("ru", "21 день"), ("uk", "21 день"), ("ro", "21 de zile")):
        assert any(
            day in line for line in words.promises(EXPIRING, load_speech(language, CATALOGUES), Format(language))
        )


def test_the_form_keeps_and_changes_when_a_rule_expires() -> None:
    shown = form.fields(EXPIRING)
    assert (shown["friend_expires"], shown["ambassador_expires"]) == ("90", "365")
    again = Program.model_validate(form.read(shown, before=EXPIRING))
    assert [rule.expires_after_days for rule in (*again.rewards, *again.event_rewards)] == [90, 365, 1]
    other = shown | {"friend_expires": "", "ambassador_pay_as": "cash", "event_0_pay_as": "cash"}
    changed = Program.model_validate(form.read(other, before=EXPIRING))
    assert [rule.expires_after_days for rule in (*changed.rewards, *changed.event_rewards)] == [None, None, None]
    with pytest.raises(form.FormErrors) as refused:
        form.read(shown | {"friend_expires": "0"}, before=EXPIRING)
    assert list(refused.value.errors) == ["friend_expires"]


def test_a_rule_for_idle_holders_is_promised_kept_and_changed_and_says_when_they_are_told() -> None:
    rules = EXPIRING.model_dump(mode="json")["rewards"]
    idle = {"expires_after_days": None, "expiry": {"kind": "idle", "days": 180}, "expiry_notice_days": 14}
    program = Program.model_validate(EXPIRING.model_dump(mode="json") | {"rewards": [rules[0], rules[1] | idle]})
    promise = "It expires when nothing of the kind was earned or used for 180 days."
    assert promise in words.promises(program, SPEECH, FORMAT)
    shown = form.fields(program)
    found = [shown[f"ambassador_{part}"] for part in ("expires", "expires_from", "notice")]
    assert found == ["180", "activity", "14"]
    assert Program.model_validate(form.read(shown, before=program)).rewards == program.rewards

    def changed(**fields: str) -> tuple[object, ...]:
        one = Program.model_validate(form.read(shown | fields, before=program)).rewards[1]
        return one.expires_after_days, one.expiry and one.expiry.days, one.expiry_notice_days

    assert changed(ambassador_expires_from="release") == (180, None, 14)
    assert changed(ambassador_expires="90", ambassador_notice="") == (None, 90, None)
    assert changed(ambassador_expires="") == changed(ambassador_pay_as="cash") == (None, None, None)
    with pytest.raises(form.FormErrors) as refused:
        form.read(shown | {"ambassador_notice": "180"}, before=program)
    assert refused.value.errors == {"ambassador_notice": "notice_late"}


def test_cashback_for_idle_buyers_goes_through_the_form_and_back() -> None:
    rule = {"name": "back", "per_minor": 5000, "give": {"kind": "fixed", "amount_minor": 300}, "expiry_notice_days": 3}
    idle = {"expiry": {"kind": "idle", "days": 60}, "pay_as": "store_credit"}
    program = Program.model_validate(WHOLE.model_dump(mode="json") | {"cashback_rewards": [rule | idle]})
    again = Program.model_validate(form.read(form.fields(program), before=program))
    assert again.cashback_rewards == program.cashback_rewards
