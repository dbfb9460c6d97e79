//! What each command does outside, told to an operator before anything is gone over again.

use engine::{Again, Effect, Undo};

use super::facts::Facts;
use super::machine::Command;

/// What a command does at Meta or at the partner, and how that bears being gone over again.
pub(super) fn effect(command: Command, facts: &Facts) -> Effect {
    let looks = |does| (does, true, Again::Looks, Undo::Nothing);
    let once = |does, happened, kept| (does, happened, Again::CheckedFirst, Undo::Impossible(kept));
    let syncs = &facts.syncs;
    let handed_over = "what the app handed over stays handed over";
    let (does, happened, again, undo) = match command {
        Command::ExchangeCode => (
            "spends the client's code for a token",
            !facts.codes_heard.is_empty(),
            Again::Repeats("the client signs up once more and gives a new code"),
            Undo::Impossible(
                "the code that was used is spent, and the client's grant at Meta stays",
            ),
        ),
        Command::CheckAssets => looks("looks which account and number the token grants"),
        Command::AddNumber => once(
            "adds the number that the partner named to the client's account",
            facts
                .adding
                .as_ref()
                .is_some_and(|adding| adding.added_at.is_some()),
            "Meta lets nobody delete a number by its API",
        ),
        Command::AssignUser => once(
            "lets the provider's system user work on the client's account",
            facts.credit.is_some(),
            "the system user stays on the account until the client takes it off",
        ),
        Command::ShareCredit => once(
            "shares the provider's credit line with the client's account",
            facts.credit.is_some(),
            "the account stays with the line, and its currency is fixed",
        ),
        Command::VerifyCredit => looks("looks whether the account is paid by the line"),
        Command::RequestContacts => once(
            "asks for the contacts of the WhatsApp Business app",
            syncs.contacts.is_some(),
            handed_over,
        ),
        Command::RequestHistory => once(
            "asks for the chats of the WhatsApp Business app",
            syncs.history.is_some(),
            handed_over,
        ),
        Command::SubscribeApp => (
            "subscribes our app to the client's account",
            facts.subscribed_at.is_some(),
            Again::Idempotent,
            Undo::By("unsubscribe_app"),
        ),
        Command::CheckNumber => looks("looks what the number still needs"),
        Command::RegisterNumber => (
            "registers the number and sets its PIN",
            facts.registered_at.is_some() || !facts.register_attempts.is_empty(),
            Again::CheckedFirst,
            Undo::Impossible(
                "a registered number stays registered, and its tries stay counted at Meta",
            ),
        ),
        Command::RequestOtp => (
            "has Meta send a one-time password",
            facts.otp_sent_at.is_some(),
            Again::Repeats("the client gets another password"),
            Undo::Nothing,
        ),
        Command::SubmitOtp => (
            "proves the number with the client's password",
            facts.otp_sent_at.is_some() && facts.registered_at.is_some(),
            Again::CheckedFirst,
            Undo::Impossible("a proved number stays proved"),
        ),
        Command::TellPartner => (
            "tells the partner of the completion",
            facts.completed_at.is_some(),
            Again::Repeats("the partner is sent another notice"),
            Undo::Impossible("what the partner was told stays told"),
        ),
        Command::UnsubscribeApp => (
            "takes our app's subscription back",
            false,
            Again::Idempotent,
            Undo::Nothing,
        ),
    };
    Effect {
        does,
        happened,
        again,
        undo,
    }
}
