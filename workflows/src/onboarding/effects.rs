//! What each command does outside, told to an operator before anything is gone over again.

use engine::{Again, Effect, Undo};

use super::facts::Facts;
use super::machine::Command;

/// What a command does at Meta or at the partner, and how that bears being gone over again.
pub(super) fn effect(command: Command, facts: &Facts) -> Effect {
    Effect {
        does: does(command),
        happened: happened(command, facts),
        again: again(command),
        undo: undo(command),
    }
}

fn does(command: Command) -> &'static str {
    match command {
        Command::ExchangeCode => "spends the client's code for a token",
        Command::MintToken => "asks Meta for the token of the account that the client shared",
        Command::CheckAssets => "looks which account and number the token grants",
        Command::AddNumber => "adds the number that the partner named to the client's account",
        Command::SubscribeApp => "subscribes our app to the client's account",
        Command::CheckNumber => "looks what the number still needs",
        Command::AssignUser => "lets the provider's system user work on the client's account",
        Command::ShareCredit => "shares the provider's credit line with the client's account",
        Command::VerifyCredit => "looks whether the account is paid by the line",
        Command::RequestContacts => "asks for the contacts of the WhatsApp Business app",
        Command::RequestHistory => "asks for the chats of the WhatsApp Business app",
        Command::RegisterNumber => "registers the number and sets its PIN",
        Command::RequestOtp => "has Meta send a one-time password",
        Command::SubmitOtp => "proves the number with the client's password",
        Command::TellPartner => "tells the partner of the completion",
        Command::UnsubscribeApp => "takes our app's subscription back",
    }
}

fn happened(command: Command, facts: &Facts) -> bool {
    match command {
        Command::ExchangeCode => !facts.codes_heard.is_empty(),
        Command::CheckAssets | Command::CheckNumber | Command::VerifyCredit => true,
        Command::MintToken => facts.matched.is_some() || facts.sought.is_some(),
        Command::AddNumber => {
            let adding = facts.adding.as_ref();
            adding.is_some_and(|adding| adding.added_at.is_some())
        }
        Command::SubscribeApp => facts.subscribed_at.is_some(),
        Command::AssignUser | Command::ShareCredit => facts.credit.is_some(),
        Command::RequestContacts => facts.syncs.contacts.is_some(),
        Command::RequestHistory => facts.syncs.history.is_some(),
        Command::RegisterNumber => {
            facts.registered_at.is_some() || !facts.register_attempts.is_empty()
        }
        Command::RequestOtp => facts.otp_sent_at.is_some(),
        Command::SubmitOtp => facts.otp_sent_at.is_some() && facts.registered_at.is_some(),
        Command::TellPartner => facts.completed_at.is_some(),
        Command::UnsubscribeApp => false,
    }
}

fn again(command: Command) -> Again {
    match command {
        Command::ExchangeCode => {
            Again::Repeats("the client signs up once more and gives a new code")
        }
        Command::MintToken
        | Command::CheckAssets
        | Command::CheckNumber
        | Command::VerifyCredit => Again::Looks,
        Command::SubscribeApp | Command::UnsubscribeApp => Again::Idempotent,
        Command::AddNumber
        | Command::AssignUser
        | Command::ShareCredit
        | Command::RequestContacts
        | Command::RequestHistory
        | Command::RegisterNumber
        | Command::SubmitOtp => Again::CheckedFirst,
        Command::RequestOtp => Again::Repeats("the client gets another password"),
        Command::TellPartner => Again::Repeats("the partner is sent another notice"),
    }
}

fn undo(command: Command) -> Undo {
    Undo::Impossible(match command {
        Command::SubscribeApp => return Undo::By("unsubscribe_app"),
        Command::MintToken
        | Command::CheckAssets
        | Command::CheckNumber
        | Command::VerifyCredit
        | Command::RequestOtp
        | Command::UnsubscribeApp => return Undo::Nothing,
        Command::ExchangeCode => {
            "the code that was used is spent, and the client's grant at Meta stays"
        }
        Command::AddNumber => "Meta lets nobody delete a number by its API",
        Command::AssignUser => "the system user stays on the account until the client takes it off",
        Command::ShareCredit => "the account stays with the line, and its currency is fixed",
        Command::RequestContacts | Command::RequestHistory => {
            "what the app handed over stays handed over"
        }
        Command::RegisterNumber => {
            "a registered number stays registered, and its tries stay counted at Meta"
        }
        Command::SubmitOtp => "a proved number stays proved",
        Command::TellPartner => "what the partner was told stays told",
    })
}
