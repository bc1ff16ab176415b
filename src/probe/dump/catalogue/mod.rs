//! What an archive's statements say it holds.

use pg_query::NodeEnum;
use pg_query::protobuf::Node;

/// The text of a name.
pub(super) fn text(node: &Node) -> Option<&str> {
    match node.node.as_ref()? {
        NodeEnum::String(text) => Some(&text.sval),
        _ => None,
    }
}
