//! What the outside sees: the only shapes that are serialized for people. None has room for a secret
//! but the two that show one to whoever just had it made.

mod bulk;
mod client;
mod notices;
mod operator;
mod partner;

pub use bulk::{
    BulkCountsView, BulkItemView, BulkPreviewView, BulkRefusalView, BulkSampleView, BulkView,
};
pub use client::{
    AskView, BrandingView, ClientPhase, ClientView, PageView, SignupOptions, StepView, TroubleView,
};
pub use notices::{AttemptView, DeliveryView, EndpointView};
pub use operator::{
    AttentionGroup, HeldLane, HoldView, InstanceRow, InstanceView, TaskView, TryView,
};
pub use partner::{
    DeadlineView, EventView, LastErrorView, LinkView, ListView, NextActionView, OnboardingView,
    ProblemView, ReadinessView, ResultView,
};
