//! The tables of a parcel and of the courier who brings it: small, with everything the engine offers.

use rust_fsm::state_machine;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Where a parcel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum State {
    /// Nobody has paid.
    Ordered,
    /// It is being paid for.
    Paying,
    /// It is on a packing bench.
    Packing,
    /// It is handed to a courier.
    Shipping,
    /// A courier has it.
    OnTheWay,
    /// It has arrived.
    Delivered,
    /// What was paid is given back.
    Refunding,
    /// It was called off.
    CalledOff,
    /// Nobody paid in time.
    Expired,
}

/// What moves a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Input {
    /// The client wants to pay.
    Pay,
    /// The money has come.
    Charged,
    /// The client adds something.
    Changed,
    /// It is packed.
    Packed,
    /// The courier has it.
    Shipped,
    /// It takes too long.
    Overdue,
    /// The courier was reminded.
    Reminded,
    /// The client has it.
    Arrived,
    /// The client does not want it.
    Cancel,
    /// The money was given back.
    Refunded,
    /// The order is too old.
    Expire,
    /// The client orders again.
    Reopen,
}

/// What is done for a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Command {
    /// Take the money: once.
    Charge,
    /// Pack it: again and again, if need be.
    Pack,
    /// Hand it over, unless that is done already.
    Ship,
    /// Remind the courier.
    Remind,
    /// Give the money back: once.
    Refund,
}

state_machine! {
    #[state_machine(state(super::State), input(super::Input), output(super::Command))]
    /// The table of a parcel.
    pub parcel(Ordered)

    Ordered => {
        Pay => Paying [Charge],
        Cancel => CalledOff,
        Expire => Expired,
    },
    Paying => {
        Charged => Packing [Pack],
    },
    Packing => {
        Changed => Packing [Pack],
        Packed => Shipping [Ship],
        Cancel => Refunding [Refund],
    },
    Shipping => {
        Shipped => OnTheWay,
    },
    OnTheWay => {
        Overdue => OnTheWay [Remind],
        Reminded => OnTheWay,
        Arrived => Delivered,
    },
    Refunding => {
        Refunded => CalledOff,
    },
    Expired => {
        Reopen => Ordered,
    },
}

/// The table as `rust-fsm` runs it.
pub type Machine = parcel::Impl;

/// Where a courier stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Ride {
    /// On the way to the client.
    Riding,
    /// Back home.
    Home,
}

/// What moves a courier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Turn {
    /// The client took the parcel.
    HandedOver,
}

/// What a courier does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Errand {
    /// Give the parcel to the client.
    HandOver,
}

state_machine! {
    #[state_machine(state(super::Ride), input(super::Turn), output(super::Errand))]
    /// The table of a courier.
    pub courier(Riding)

    Riding => {
        HandedOver => Home,
    },
}

/// The courier's table as `rust-fsm` runs it.
pub(super) type CourierMachine = courier::Impl;
