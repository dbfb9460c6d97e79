//! Letters without ceremony: the alphabet of a table in a few lines.

/// Declares the alphabets of a table: enums of units that are stored by their names in `snake_case`,
/// which is all that a [`Letter`](crate::Letter) asks.
///
/// ```
/// engine::letters! {
///     /// Where a parcel is.
///     pub enum State { Packed, OnItsWay, Delivered }
/// }
/// # fn main() {
/// use engine::Letter;
/// assert_eq!(State::OnItsWay.name(), "on_its_way");
/// # }
/// ```
#[macro_export]
macro_rules! letters {
    ($($(#[$about:meta])* $sight:vis enum $name:ident {
        $($(#[$means:meta])* $letter:ident),+ $(,)?
    })+) => {$(
        $(#[$about])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash,
            $crate::strum::EnumString, $crate::strum::IntoStaticStr, $crate::strum::VariantArray,
        )]
        #[strum(serialize_all = "snake_case", crate = "engine::strum")]
        $sight enum $name {
            $($(#[$means])* $letter),+
        }
    )+};
}
