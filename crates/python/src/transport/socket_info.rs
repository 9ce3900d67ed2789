//! What a stream transport knows of its socket: `get_extra_info`.
//!
//! The names of both ends are asked for when the connection begins, since a peer that resets the connection takes its
//! name with it; Python's objects are made of them when somebody wants to know.

use aioxide_core::sys::{Address, raw};

use crate::ffi::{Dict, IntoOwned, Layout, Lazily, Object, Owned, Result, Slot, call1, collectable, names};
use crate::sockets::{SocketObject, address_to_python, is_spoken};

/// The extra information of one transport. All zero bytes: nothing is known.
pub(super) struct SocketInfo {
    /// A dict: given by whoever made the transport, or made of the names.
    dict: Slot,
    names: Lazily<Names>,
}

collectable!(SocketInfo, holds: [dict, names]);

/// What the dict is made of.
struct Names {
    /// Kept when the connection is lost: who asks later still gets it.
    socket: Slot,
    local: Option<Address>,
    peer: Option<Address>,
}

collectable!(Names, holds: [socket]);

impl SocketInfo {
    /// What a caller has put together.
    pub(super) fn fill(&self, dict: Owned) {
        self.dict.fill(dict);
    }

    /// Asks `socket` for its names; `peer` is known already if somebody has accepted the connection. False for a
    /// socket whose addresses only the `socket` module reads.
    pub(super) fn ask(&self, socket: &Object, peer: Option<&Address>) -> bool {
        let Some(known) = socket.exactly::<SocketObject>().filter(|socket| is_spoken(socket.family())) else {
            return false;
        };
        let names = Names {
            socket: Slot::default(),
            local: raw::local_address(known.fd()).ok(),
            peer: peer.copied().or_else(|| raw::peer_address(known.fd()).ok()),
        };
        names.socket.fill(socket.own());
        self.names.fill(names);
        true
    }

    /// The dict behind `get_extra_info`.
    pub(super) fn dict(&self) -> Result<Option<Owned>> {
        let (Some(names), true) = (self.names.get(), self.dict.is_empty()) else {
            return Ok(self.dict.get());
        };
        let dict = names.show()?;
        self.dict.set(dict.clone());
        Ok(Some(dict))
    }
}

impl Names {
    fn show(&self) -> Result<Owned> {
        let dict = Dict::new()?;
        let shown = |address: &Option<Address>| address.as_ref().map(address_to_python).transpose();
        dict.set(&names().peername, &*shown(&self.peer)?.into_owned()?)?;
        if let Some(socket) = self.socket.get() {
            dict.set(&names().socket, &*call1(&names().transport_socket, &socket)?)?;
        }
        dict.set(&names().sockname, &*shown(&self.local)?.into_owned()?)?;
        Ok(dict.object().own())
    }
}
