//! What every server begins with: it is made for its sockets, and listens.

use crate::awaitable::held;
use crate::connection::Tls;
use crate::event_loop::LoopObject;
use crate::ffi::{
    IntoOwned, Layout, Object, Owned, Raised, Result, Slot, Step, call_keywords, call_method0, collectable,
    items_of, names, none, while_handling,
};
use crate::sockets::unblock;

use super::object::ServerObject;

/// The arguments that every server has: what its connections are told about TLS, `backlog` and `start_serving`. All zero
/// bytes: none of them was given.
pub(super) struct Settings {
    pub(super) tls: Tls,
    backlog: Slot,
    start_serving: Slot,
}

collectable!(Settings, holds: [tls, backlog, start_serving]);

impl Settings {
    /// Keeps the arguments of a new coroutine: `ssl`, `backlog`, `ssl_handshake_timeout`, `ssl_shutdown_timeout` and
    /// `start_serving`.
    pub(super) fn fill(&self, arguments: [Option<&Object>; 5]) {
        let [ssl, backlog, handshake_timeout, shutdown_timeout, start_serving] = arguments;
        self.tls.fill(ssl, None, handshake_timeout, shutdown_timeout);
        for (slot, argument) in [(&self.backlog, backlog), (&self.start_serving, start_serving)] {
            if let Some(argument) = argument {
                slot.fill(argument.own());
            }
        }
    }

    /// Refuses what is meaningless. `has_tls` says whether `ssl` counts as given.
    pub(super) fn check(&self, has_tls: impl FnOnce(&Tls) -> Result<bool>) -> Result<()> {
        let is_truth = |ssl: Owned| ssl.is(&names().true_) || ssl.is(&names().false_);
        if self.tls.context().is_some_and(is_truth) {
            return Err(Raised::type_error(format_args!("ssl argument must be an SSLContext or None")));
        }
        if self.tls.timeout_given().is_some() && !has_tls(&self.tls)? {
            return self.tls.check_timeouts();
        }
        Ok(())
    }

    /// `backlog`, 100 if none was given.
    pub(super) fn backlog(&self) -> Result<Owned> {
        self.backlog.get().map_or_else(|| 100_u64.into_owned(), Ok)
    }

    fn starts(&self) -> Result<bool> {
        self.start_serving.get().map_or(Ok(true), |start| start.is_true())
    }
}

/// The last part of both coroutines. All zero bytes: not begun.
pub(super) struct Opening {
    server: Slot,
}

collectable!(Opening, holds: [server]);

impl Opening {
    /// Makes the server of `sockets`, a list; returns it, or lets it listen and yields for one turn.
    pub(super) fn begin(
        &self,
        event_loop: &LoopObject,
        sockets: Owned,
        factory: &Object,
        settings: &Settings,
    ) -> Result<Step> {
        for socket in items_of(&sockets)? {
            unblock(&socket)?;
        }
        let class = names().base_events.attribute(&names().server_class)?;
        let server = if class.is(&names().stdlib_server) {
            ServerObject::new(event_loop, sockets, factory, settings)?.into_object()
        } else {
            made_by(&class, event_loop, &sockets, factory, settings)?
        };
        self.server.set(server.clone());
        if !settings.starts()? {
            return Ok(Step::Return(server));
        }
        match server.exactly::<ServerObject>() {
            Some(ours) => ours.start_serving()?,
            None => drop(call_method0(&server, &names().start_serving)?),
        }
        Ok(Step::Yield(none()))
    }

    /// The turn has passed, or something was thrown in meanwhile.
    pub(super) fn resume(&self, thrown: Option<Owned>) -> Result<Step> {
        match thrown {
            Some(exception) => Err(Raised::restore(exception)),
            None => held(&self.server).map(Step::Return),
        }
    }

    /// Closes the server on the way out with an exception.
    #[cold]
    pub(super) fn abandon(&self, raised: Raised) -> Raised {
        let Some(server) = self.server.get() else { return raised };
        let exception = raised.take();
        match while_handling(&exception, || call_method0(&server, &names().close)) {
            Ok(_) => Raised::restore(exception),
            Err(raised) => raised,
        }
    }
}

/// A server of a class that somebody has put into the place of asyncio's.
#[cold]
fn made_by(
    class: &Object,
    event_loop: &LoopObject,
    sockets: &Object,
    factory: &Object,
    settings: &Settings,
) -> Result<Owned> {
    let [ssl, handshake_timeout, shutdown_timeout] = settings.tls.values();
    let backlog = settings.backlog()?;
    let values =
        [event_loop.object(), sockets, factory, &*ssl, &*backlog, &*handshake_timeout, &*shutdown_timeout];
    call_keywords(class, &values, values.len(), None)
}
