//! The onboarding's table: the truth from which diagram, checks and tests are read.
//!
//! A state is the last milestone made durable; its command is the work that leads to the next.

use engine::letters;
use rust_fsm::state_machine;

letters! {
    /// Where an onboarding stands.
    #[derive(PartialOrd, Ord)]
    pub enum State {
        /// The client has a link and has not finished Meta's signup.
        LinkIssued,
        /// A code has arrived, which lives for 30 seconds, or Meta told of the client's grant.
        EsCompleted,
        /// The business token is ours and sealed.
        TokenExchanged,
        /// Our app receives the account's webhooks.
        WabaSubscribed,
        /// A Solution Partner's credit line pays for the account.
        CreditShared,
        /// The app's contacts were asked for: the number stays in the WhatsApp Business app.
        SyncRequested,
        /// The number is registered for the Cloud API.
        NumberRegistered,
        /// The partner has been told, or could not be.
        PartnerNotified,
        /// The code or the token was lost: the client signs up once more.
        NeedsSignup,
        /// What Meta granted is not what was asked or claimed.
        NeedsAsset,
        /// The number must be proved with a one-time password.
        NeedsOtp,
        /// The number has a two-step PIN that only the client knows.
        NeedsPin,
        /// The link's time ran out; a new link revives it.
        Expired,
        /// Called off by an operator: what was set up at Meta is being taken back.
        Canceling,
        /// Partner or operator called it off.
        Canceled,
    }

    /// What the table can hear.
    pub enum Input {
        /// The browser brought a code.
        CodeReceived,
        /// Meta gave a token for the code.
        CodeExchanged,
        /// The code cannot be used any more.
        CodeLost,
        /// Meta shared an account with our app, and it is this client's.
        GrantMatched,
        /// Meta gave the token of the shared account without a code.
        TokenMinted,
        /// Meta gives no token that grants the shared account.
        GrantLost,
        /// What the browser claims arrived after the code.
        ClaimArrived,
        /// Account and number are known and granted.
        AssetsBound,
        /// No account or number that may be bound was granted.
        AssetsRefused,
        /// Look at the granted assets again.
        AssetsRecheck,
        /// The account has no number, and what the partner said is enough to add it.
        NumberWanted,
        /// The number was added to the account.
        NumberAdded,
        /// Our app is subscribed, and Meta says so when asked.
        Subscribed,
        /// The credit line is to be shared first.
        CreditWanted,
        /// The provider's system user may work on the account.
        UserAssigned,
        /// Meta took the share of the credit line.
        CreditAttached,
        /// The account is paid for by that line, as Meta shows it.
        CreditShared,
        /// The number stays in the WhatsApp Business app: its chats are to be asked for.
        SyncWanted,
        /// Meta takes care of the app's contacts.
        ContactsRequested,
        /// Meta takes care of the app's history.
        HistoryRequested,
        /// Meta's 24 hours for the app's chats are over: it wants a new signup.
        SyncLost,
        /// Meta says of the number itself that it stays in the WhatsApp Business app.
        CoexistenceSeen,
        /// The number may be registered.
        NumberChecked,
        /// Something about the number changed outside: look at it again.
        NumberRecheck,
        /// Others registered the number too, or Meta blocks it: look at it with that in mind.
        RegistrationsCounted,
        /// The number could not be registered yet: look at it again.
        RegistrationPutOff,
        /// An operator allows one more registration than our cap.
        RegistrationAllowed,
        /// The number is live.
        Registered,
        /// The number has another PIN.
        PinRefused,
        /// The client gave the number's PIN.
        PinGiven,
        /// The number must be verified first.
        OtpRequired,
        /// Meta sent a one-time password.
        OtpSent,
        /// The client asks for another password.
        OtpWanted,
        /// The client gave the password.
        OtpGiven,
        /// Meta did not accept the password.
        OtpRefused,
        /// The number is proved.
        NumberVerified,
        /// The token no longer works.
        TokenLost,
        /// The token no longer works, and Meta may have another of the same grant.
        TokenSought,
        /// Fourteen days have passed since the signup: Meta wants a new one.
        WindowClosed,
        /// A notice of completion has ended, one way or the other.
        DeliveryEnded,
        /// The partner knows, or cannot be told.
        PartnerTold,
        /// The link's time is over.
        LinkExpired,
        /// A new link was made.
        LinkRenewed,
        /// Called off, and what was set up is to be taken back first.
        UndoWanted,
        /// Our app no longer receives the account's webhooks, or another client still needs it to.
        Unsubscribed,
        /// Called off.
        Canceled,
    }

    /// What the table gives out to be done.
    pub enum Command {
        /// Exchange the code for a business token.
        ExchangeCode,
        /// Ask Meta for the token of an account that was shared with our app.
        MintToken,
        /// Find out which account and number the token may use.
        CheckAssets,
        /// Add the number that the partner named to the account.
        AddNumber,
        /// Subscribe our app to the account and see that Meta agrees.
        SubscribeApp,
        /// See what the number still needs: credit, chats, a registration or nothing.
        CheckNumber,
        /// Let the provider's system user work on the account.
        AssignUser,
        /// Share the provider's credit line with the account.
        ShareCredit,
        /// See that the account is paid for by that line.
        VerifyCredit,
        /// Ask for the contacts of the WhatsApp Business app.
        RequestContacts,
        /// Ask for the history of the WhatsApp Business app.
        RequestHistory,
        /// Register the number with its PIN.
        RegisterNumber,
        /// Have Meta send a one-time password.
        RequestOtp,
        /// Hand the client's password to Meta.
        SubmitOtp,
        /// See whether the partner has been told.
        TellPartner,
        /// Take our app's subscription to the account back.
        UnsubscribeApp,
    }
}

state_machine! {
    #[state_machine(state(super::State), input(super::Input), output(super::Command))]
    /// The table of onboarding.
    pub onboarding(LinkIssued)

    LinkIssued => {
        CodeReceived => EsCompleted [ExchangeCode],
        GrantMatched => EsCompleted [MintToken],
        LinkExpired => Expired,
        Canceled => Canceled,
    },
    EsCompleted => {
        CodeExchanged => TokenExchanged [CheckAssets],
        CodeLost => NeedsSignup,
        CodeReceived => EsCompleted [ExchangeCode],
        TokenMinted => TokenExchanged [CheckAssets],
        GrantLost => NeedsSignup,
        Canceled => Canceled,
    },
    TokenExchanged => {
        ClaimArrived => TokenExchanged [CheckAssets],
        AssetsBound => TokenExchanged [SubscribeApp],
        AssetsRefused => NeedsAsset,
        NumberWanted => TokenExchanged [AddNumber],
        NumberAdded => TokenExchanged [CheckAssets],
        Subscribed => WabaSubscribed [CheckNumber],
        TokenLost => NeedsSignup,
        TokenSought => EsCompleted [MintToken],
        WindowClosed => NeedsSignup,
        SyncLost => NeedsSignup,
        UndoWanted => Canceling [UnsubscribeApp],
        Canceled => Canceled,
    },
    WabaSubscribed => {
        SyncWanted => WabaSubscribed [RequestContacts],
        ContactsRequested => SyncRequested [RequestHistory],
        CreditWanted => WabaSubscribed [AssignUser],
        UserAssigned => WabaSubscribed [ShareCredit],
        CreditAttached => WabaSubscribed [VerifyCredit],
        CreditShared => CreditShared [CheckNumber],
        CoexistenceSeen => WabaSubscribed [CheckNumber],
        NumberChecked => WabaSubscribed [RegisterNumber],
        NumberRecheck => WabaSubscribed [CheckNumber],
        RegistrationsCounted => WabaSubscribed [CheckNumber],
        RegistrationPutOff => WabaSubscribed [CheckNumber],
        RegistrationAllowed => WabaSubscribed [CheckNumber],
        Registered => NumberRegistered [TellPartner],
        PinRefused => NeedsPin,
        OtpRequired => NeedsOtp [RequestOtp],
        TokenLost => NeedsSignup,
        TokenSought => EsCompleted [MintToken],
        WindowClosed => NeedsSignup,
        SyncLost => NeedsSignup,
        UndoWanted => Canceling [UnsubscribeApp],
        Canceled => Canceled,
    },
    CreditShared => {
        CoexistenceSeen => WabaSubscribed [CheckNumber],
        NumberChecked => CreditShared [RegisterNumber],
        NumberRecheck => CreditShared [CheckNumber],
        RegistrationsCounted => CreditShared [CheckNumber],
        RegistrationPutOff => CreditShared [CheckNumber],
        RegistrationAllowed => CreditShared [CheckNumber],
        Registered => NumberRegistered [TellPartner],
        PinRefused => NeedsPin,
        OtpRequired => NeedsOtp [RequestOtp],
        TokenLost => NeedsSignup,
        TokenSought => EsCompleted [MintToken],
        WindowClosed => NeedsSignup,
        UndoWanted => Canceling [UnsubscribeApp],
        Canceled => Canceled,
    },
    SyncRequested => {
        HistoryRequested => SyncRequested [CheckNumber],
        CreditWanted => SyncRequested [AssignUser],
        UserAssigned => SyncRequested [ShareCredit],
        CreditAttached => SyncRequested [VerifyCredit],
        CreditShared => SyncRequested [CheckNumber],
        Registered => NumberRegistered [TellPartner],
        TokenLost => NeedsSignup,
        TokenSought => EsCompleted [MintToken],
        SyncLost => NeedsSignup,
        UndoWanted => Canceling [UnsubscribeApp],
        Canceled => Canceled,
    },
    NumberRegistered => {
        DeliveryEnded => NumberRegistered [TellPartner],
        PartnerTold => PartnerNotified,
    },
    NeedsSignup => {
        CodeReceived => EsCompleted [ExchangeCode],
        GrantMatched => EsCompleted [MintToken],
        CodeExchanged => TokenExchanged [CheckAssets],
        LinkExpired => Expired,
        Canceled => Canceled,
    },
    NeedsAsset => {
        CodeReceived => EsCompleted [ExchangeCode],
        GrantMatched => EsCompleted [MintToken],
        AssetsRecheck => TokenExchanged [CheckAssets],
        WindowClosed => NeedsSignup,
        UndoWanted => Canceling [UnsubscribeApp],
        Canceled => Canceled,
    },
    NeedsOtp => {
        OtpSent => NeedsOtp,
        OtpWanted => NeedsOtp [RequestOtp],
        OtpGiven => NeedsOtp [SubmitOtp],
        OtpRefused => NeedsOtp,
        NumberVerified => WabaSubscribed [CheckNumber],
        TokenLost => NeedsSignup,
        TokenSought => EsCompleted [MintToken],
        WindowClosed => NeedsSignup,
        UndoWanted => Canceling [UnsubscribeApp],
        Canceled => Canceled,
    },
    NeedsPin => {
        PinGiven => WabaSubscribed [CheckNumber],
        NumberRecheck => WabaSubscribed [CheckNumber],
        TokenLost => NeedsSignup,
        WindowClosed => NeedsSignup,
        UndoWanted => Canceling [UnsubscribeApp],
        Canceled => Canceled,
    },
    Canceling => {
        Unsubscribed => Canceled,
        TokenLost => Canceled,
        Canceled => Canceled,
    },
    Expired => {
        LinkRenewed => LinkIssued,
    },
}

/// The table as `rust-fsm` runs it.
pub type Machine = onboarding::Impl;
