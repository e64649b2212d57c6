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
