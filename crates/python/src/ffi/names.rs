//! Every interned string and every object of the standard library that the binding uses, fetched once.

use std::cell::UnsafeCell;
use std::ffi::CStr;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ops::Deref;

use pyo3::ffi;

use super::{Args, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, Slot, call0, tuple_of};

macro_rules! names {
    (
        strings { $($(#[$string_gate:meta])? $string:ident = $text:literal,)* }
        objects { $($(#[$gate:meta])? $object:ident = $module:literal . $attribute:literal,)* }
    ) => {
        /// Interned strings, then objects of the standard library.
        pub(crate) struct Names {
            /// What gives the loop of a future that names none: see `use_current_loop`.
            pub(crate) current_loop: ManuallyDrop<Slot>,
            /// `0`.
            pub(crate) zero: Kept,
            /// `-1`.
            pub(crate) minus_one: Kept,
            /// The methods of a loop that futures, timers and threads call past, unless somebody overrides them.
            pub(crate) overridable: [Kept; 4],
            /// The methods of a loop that make futures and tasks.
            pub(crate) makers: [Kept; 2],
            /// `False`.
            pub(crate) false_: Kept,
            /// `True`.
            pub(crate) true_: Kept,
            /// `("context",)`: the keywords of a call.
            pub(crate) context_keyword: Kept,
            /// `("msg",)`: the keywords of a call.
            pub(crate) msg_keyword: Kept,
            /// `("name",)`: the keywords of a call.
            #[cfg(not(Py_3_14))]
            pub(crate) name_keyword: Kept,
            /// `("extra", "server")`, with `"context"` from 3.15 on: the keywords of a call.
            pub(crate) transport_keywords: Kept,
            /// `("family", "type", "proto", "flags", "loop")`: the keywords of a call.
            pub(crate) resolution_keywords: Kept,
            /// `("family", "type", "proto", "flags")`: the keywords of a call.
            pub(crate) look_up_keywords: Kept,
            /// `("family", "type", "proto")`: the keywords of a call.
            pub(crate) socket_keywords: Kept,
            /// `("server_side", "ssl_handshake_timeout", "ssl_shutdown_timeout")`: the keywords of a call.
            pub(crate) handover_keywords: Kept,
            /// `("family", "flags")`: the keywords of a call.
            pub(crate) server_address_keywords: Kept,
            /// `("fallback",)`: the keywords of a call.
            pub(crate) fallback_keyword: Kept,
            $($(#[$string_gate])? #[doc = concat!("The string ", stringify!($text), ".")] pub(crate) $string: Kept,)*
            $($(#[$gate])? #[doc = concat!("`", $module, ".", $attribute, "`.")] pub(crate) $object: Kept,)*
        }

        impl Names {
            fn fetch() -> Result<Self> {
                Ok(Self {
                    false_: keep(false.into_owned())?,
                    current_loop: ManuallyDrop::new(current_loop_of_asyncio()?),
                    true_: keep(true.into_owned())?,
                    zero: keep(0_u64.into_owned())?,
                    minus_one: keep((-1_i64).into_owned())?,
                    overridable: [
                        keep(intern(c"call_soon"))?,
                        keep(intern(c"call_soon_threadsafe"))?,
                        keep(intern(c"get_debug"))?,
                        keep(intern(c"time"))?,
                    ],
                    makers: [keep(intern(c"create_task"))?, keep(intern(c"create_future"))?],
                    context_keyword: keep(tuple_of(&[&*intern(c"context")?]))?,
                    msg_keyword: keep(tuple_of(&[&*intern(c"msg")?]))?,
                    #[cfg(not(Py_3_14))]
                    name_keyword: keep(tuple_of(&[&*intern(c"name")?]))?,
                    transport_keywords: keep(tuple_of(&[
                        &*intern(c"extra")?,
                        &*intern(c"server")?,
                        #[cfg(Py_3_15)]
                        &*intern(c"context")?,
                    ]))?,
                    resolution_keywords: keep(tuple_of(&[
                        &*intern(c"family")?,
                        &*intern(c"type")?,
                        &*intern(c"proto")?,
                        &*intern(c"flags")?,
                        &*intern(c"loop")?,
                    ]))?,
                    look_up_keywords: keep(tuple_of(&[
                        &*intern(c"family")?,
                        &*intern(c"type")?,
                        &*intern(c"proto")?,
                        &*intern(c"flags")?,
                    ]))?,
                    socket_keywords: keep(tuple_of(&[
                        &*intern(c"family")?,
                        &*intern(c"type")?,
                        &*intern(c"proto")?,
                    ]))?,
                    handover_keywords: keep(tuple_of(&[
                        &*intern(c"server_side")?,
                        &*intern(c"ssl_handshake_timeout")?,
                        &*intern(c"ssl_shutdown_timeout")?,
                    ]))?,
                    server_address_keywords: keep(tuple_of(&[&*intern(c"family")?, &*intern(c"flags")?]))?,
                    fallback_keyword: keep(tuple_of(&[&*intern(c"fallback")?]))?,
                    $($(#[$string_gate])? $string: keep(intern($text))?,)*
                    $($(#[$gate])? $object: keep(import(
                        c_text(concat!($module, "\0")),
                        c_text(concat!($attribute, "\0")),
                    ))?,)*
                })
            }
        }
    };
}

names! {
    strings {
        add_done_callback = c"add_done_callback",
        asyncio_future_blocking = c"_asyncio_future_blocking",
        call_exception_handler = c"call_exception_handler",
        call_soon = c"call_soon",
        cancel = c"cancel",
        cancel_message = c"_cancel_message",
        cancelled = c"cancelled",
        abort = c"_abort",
        call_at = c"call_at",
        cancelling = c"cancelling",
        group_errors = c"unhandled errors in a TaskGroup",
        is_base_error = c"_is_base_error",
        on_task_done = c"_on_task_done",
        on_timeout = c"_on_timeout",
        destroyed_pending = c"Task was destroyed but it is pending!",
        scheduled_attribute = c"_scheduled",
        call_connection_lost = c"_call_connection_lost",
        connection_lost = c"connection_lost",
        connection_made = c"connection_made",
        datagram_received = c"datagram_received",
        pipe_read_failed = c"Fatal read error on pipe transport",
        pipe_write_failed = c"Fatal write error on pipe transport",
        error_received = c"error_received",
        fatal_read_error = c"Fatal read error on datagram transport",
        fatal_write_error = c"Fatal write error on datagram transport",
        fileno = c"fileno",
        pause_writing = c"pause_writing",
        pauses_reading = c"pauses reading",
        peername = c"peername",
        resume_writing = c"resume_writing",
        resumes_reading = c"resumes reading",
        start_reading = c"_start_reading",
        read_ready = c"_read_ready",
        write_ready = c"_write_ready",
        slow_callback_duration = c"slow_callback_duration",
        create_task_by_factory = c"_create_task_by_factory",
        call_later = c"call_later",
        call_soon_threadsafe = c"call_soon_threadsafe",
        time = c"time",
        task_prefix = c"Task-",
        timer_handle_cancelled = c"_timer_handle_cancelled",
        close = c"close",
        #[cfg(not(Py_3_14))] context = c"context",
        create_future = c"create_future",
        create_task = c"create_task",
        done = c"done",
        comma = c", ",
        empty = c"",
        exception = c"exception",
        future = c"future",
        get_debug = c"get_debug",
        get_loop = c"get_loop",
        handle = c"handle",
        is_running = c"is_running",
        loop_ = c"loop",
        log_destroy_pending = c"_log_destroy_pending",
        loop_attribute = c"_loop",
        make_cancelled_error = c"_make_cancelled_error",
        message = c"message",
        #[cfg(not(Py_3_14))] name = c"name",
        name_attribute = c"__name__",
        never_retrieved = c" exception was never retrieved",
        remove_done_callback = c"remove_done_callback",
        result = c"result",
        run = c"run",
        run_in_executor = c"run_in_executor",
        run_in_any_executor = c"_run_in_any_executor",
        set_exception = c"set_exception",
        #[cfg(not(Py_3_14))] set_name = c"set_name",
        #[cfg(not(Py_3_12))] running_loop_key = c"__asyncio_running_event_loop__",
        set_result = c"set_result",
        set_running_or_notify_cancel = c"set_running_or_notify_cancel",
        source_traceback = c"source_traceback",
        start_worker = c"_start_worker",
        submit = c"submit",
        task = c"task",
        throw = c"throw",
        uncancel = c"uncancel",
        value = c"value",
        work_queue = c"_work_queue",
        acquire = c"acquire",
        append = c"append",
        describe_queue = c"_format",
        empty_method = c"empty",
        full = c"full",
        get_item = c"_get",
        get_nowait = c"get_nowait",
        initialise_items = c"_init",
        locked = c"locked",
        notify = c"notify",
        notify_some = c"_notify",
        pop = c"pop",
        popleft = c"popleft",
        put_item = c"_put",
        put_nowait = c"put_nowait",
        qsize = c"qsize",
        queue_attribute = c"_queue",
        release = c"release",
        remove = c"remove",
        set = c"set",
        clear = c"clear",
        wait = c"wait",
        wake_up_first = c"_wake_up_first",
        wake_up_next = c"_wake_up_next",
        accept = c"accept",
        accept_connection = c"_accept_connection",
        accept_connection_task = c"_accept_connection2",
        accept_retry_delay = c"ACCEPT_RETRY_DELAY",
        function_attribute = c"__func__",
        start_serving = c"_start_serving",
        make_datagram_transport = c"_make_datagram_transport",
        #[cfg(Py_3_13)] add = c"add",
        #[cfg(Py_3_13)] close_clients = c"close_clients",
        #[cfg(Py_3_13)] contains = c"__contains__",
        #[cfg(Py_3_13)] discard = c"discard",
        #[cfg(Py_3_13)] getsockname = c"getsockname",
        is_socket = c"S_ISSOCK",
        listen = c"listen",
        remove_reader = c"_remove_reader",
        server_addresses = c"_create_server_getaddrinfo",
        server_class = c"Server",
        sockets = c"sockets",
        #[cfg(Py_3_13)] st_ino = c"st_ino",
        st_mode = c"st_mode",
        stat = c"stat",
        stop_serving = c"_stop_serving",
        #[cfg(Py_3_13)] unix_server_sockets = c"_unix_server_sockets",
        #[cfg(Py_3_13)] unlink = c"unlink",
        wait_closed = c"wait_closed",
        wakeup = c"_wakeup",
        make_socket_transport = c"_make_socket_transport",
        dict_attribute = c"__dict__",
        sockname = c"sockname",
        resume = c"_resume",
        ssl_handshake_timeout = c"SSL_HANDSHAKE_TIMEOUT",
        ssl_shutdown_timeout = c"SSL_SHUTDOWN_TIMEOUT",
        bind = c"bind",
        connect = c"connect",
        connect_socket = c"_connect_sock",
        create_transport = c"_create_connection_transport",
        sock_connect = c"sock_connect",
        data = c"data",
        ensure_fd_no_transport = c"_ensure_fd_no_transport",
        ensure_resolved = c"_ensure_resolved",
        errno = c"errno",
        lower = c"lower",
        staggered_race = c"staggered_race",
        strerror = c"strerror",
        family = c"family",
        getaddrinfo = c"getaddrinfo",
        getaddrinfo_debug = c"_getaddrinfo_debug",
        getnameinfo = c"getnameinfo",
        getsockopt = c"getsockopt",
        module_attribute = c"__module__",
        socket = c"socket",
        value_to_member = c"_value2member_map_",
        gettimeout = c"gettimeout",
        proto = c"proto",
        recv = c"recv",
        recv_into = c"recv_into",
        recvfrom = c"recvfrom",
        recvfrom_into = c"recvfrom_into",
        send = c"send",
        sendto = c"sendto",
        setblocking = c"setblocking",
        setsockopt = c"setsockopt",
        type_ = c"type",
        abort_transport = c"abort",
        can_write_eof = c"can_write_eof",
        data_received = c"data_received",
        debug = c"debug",
        drain_helper = c"_drain_helper",
        extend = c"extend",
        join = c"join",
        feed_data = c"feed_data",
        feed_eof = c"feed_eof",
        get_close_waiter = c"_get_close_waiter",
        get_extra_info = c"get_extra_info",
        is_closed = c"is_closed",
        is_closing = c"is_closing",
        maybe_resume_transport = c"_maybe_resume_transport",
        open_stream_collected = c"An open stream was garbage collected prior to establishing network connection; call \"stream.close()\" explicitly.",
        optimize = c"optimize",
        partial_attribute = c"partial",
        consumed = c"consumed",
        args = c"args",
        pause_reading = c"pause_reading",
        pauses_writing = c"%r pauses writing",
        read = c"read",
        readline = c"readline",
        readuntil = c"readuntil",
        resume_reading = c"resume_reading",
        resumes_writing = c"%r resumes writing",
        set_transport = c"set_transport",
        #[cfg(Py_3_14)] replace_transport = c"_replace_transport",
        #[cfg(not(Py_3_13))] transport = c"transport",
        ssl_context = c"sslcontext",
        stack_of_origin = c"_source_traceback",
        wait_for_data = c"_wait_for_data",
        wake_reader = c"_wakeup_waiter",
        write = c"write",
        write_eof = c"write_eof",
        writelines = c"writelines",
        add_reader = c"_add_reader",
        attach = c"_attach",
        buffer_updated = c"buffer_updated",
        buffer_updated_failed = c"Fatal error: protocol.buffer_updated() call failed.",
        closed_by_peer = c"Connection is closed by peer",
        data_received_failed = c"Fatal error: protocol.data_received() call failed.",
        detach = c"_detach",
        eof_received = c"eof_received",
        eof_received_failed = c"Fatal error: protocol.eof_received() call failed.",
        fatal_error = c"Fatal error on transport",
        get_buffer = c"get_buffer",
        get_buffer_failed = c"Fatal error: protocol.get_buffer() call failed.",
        max_size = c"max_size",
        read_failed = c"Fatal read error on socket transport",
        received_eof = c"received EOF",
        sendfile_compatible = c"_sendfile_compatible",
        check_sendfile_params = c"_check_sendfile_params",
        delete_item = c"__delitem__",
        drain = c"drain",
        mode = c"mode",
        os = c"os",
        readinto = c"readinto",
        restore = c"restore",
        seek = c"seek",
        sendfile = c"sendfile",
        sendfile_block_size = c"SENDFILE_FALLBACK_READBUFFER_SIZE",
        sendfile_fallback = c"_sendfile_fallback",
        sendfile_native = c"_sendfile_native",
        sock_sendall = c"sock_sendall",
        sock_sendfile = c"sock_sendfile",
        sock_sendfile_fallback = c"_sock_sendfile_fallback",
        sock_sendfile_native = c"_sock_sendfile_native",
        socket_not_connected = c"socket is not connected",
        unsupported = c"UNSUPPORTED",
        start_tls_compatible = c"_start_tls_compatible",
        try_native = c"TRY_NATIVE",
        #[cfg(Py_3_12)] to_bytes = c"tobytes",
        write_failed = c"Fatal write error on socket transport",
    }
    objects {
        cancelled_error = "asyncio.exceptions" . "CancelledError",
        invalid_state_error = "asyncio.exceptions" . "InvalidStateError",
        stdlib_future = "_asyncio" . "Future",
        stdlib_gathering_future = "asyncio.tasks" . "_GatheringFuture",
        stdlib_ensure_future = "asyncio.tasks" . "ensure_future",
        stdlib_all_tasks = "asyncio.tasks" . "all_tasks",
        concurrent_future = "concurrent.futures" . "Future",
        chain_future = "asyncio.futures" . "_chain_future",
        stdlib_create_task = "asyncio.tasks" . "create_task",
        release_waiter = "asyncio.tasks" . "_release_waiter",
        first_completed = "asyncio.tasks" . "FIRST_COMPLETED",
        first_exception = "asyncio.tasks" . "FIRST_EXCEPTION",
        all_completed = "asyncio.tasks" . "ALL_COMPLETED",
        is_future = "asyncio.futures" . "isfuture",
        is_awaitable = "inspect" . "isawaitable",
        partial = "functools" . "partial",
        assertion_error = "builtins" . "AssertionError",
        value_error = "builtins" . "ValueError",
        stop_async_iteration = "builtins" . "StopAsyncIteration",
        stdlib_task = "_asyncio" . "Task",
        is_coroutine = "asyncio.coroutines" . "iscoroutine",
        get_running_loop = "_asyncio" . "_get_running_loop",
        future_repr = "asyncio.base_futures" . "_future_repr",
        extract_stack = "traceback" . "extract_stack",
        stdlib_handle = "asyncio.events" . "Handle",
        stdlib_timer_handle = "asyncio.events" . "TimerHandle",
        #[cfg(Py_3_14)] stdlib_thread_safe_handle = "asyncio.events" . "_ThreadSafeHandle",
        task_repr = "asyncio.base_tasks" . "_task_repr",
        task_get_stack = "asyncio.base_tasks" . "_task_get_stack",
        task_print_stack = "asyncio.base_tasks" . "_task_print_stack",
        #[cfg(Py_3_14)] current_task = "asyncio" . "current_task",
        type_error = "builtins" . "TypeError",
        runtime_error = "builtins" . "RuntimeError",
        stop_iteration = "builtins" . "StopIteration",
        timeout_error = "builtins" . "TimeoutError",
        timeout_state = "asyncio.timeouts" . "_State",
        base_exception_group = "builtins" . "BaseExceptionGroup",
        exception_group = "builtins" . "ExceptionGroup",
        keyboard_interrupt = "builtins" . "KeyboardInterrupt",
        system_exit = "builtins" . "SystemExit",
        round = "builtins" . "round",
        generator_exit = "builtins" . "GeneratorExit",
        int = "builtins" . "int",
        warn_unawaited = "warnings" . "_warn_unawaited_coroutine",
        check_callback = "aioxide._reports" . "check_callback",
        run_foreign_handle = "aioxide._reports" . "run_foreign_handle",
        convert_future_exception = "asyncio.futures" . "_convert_future_exc",
        work_queue_empty = "queue" . "Empty",
        coroutine_callee = "aioxide._frames" . "Callee",
        coroutine_code = "aioxide._frames" . "code",
        coroutine_frame = "aioxide._frames" . "Frame",
        coroutine_origin = "aioxide._reports" . "coroutine_origin",
        fileno_of = "aioxide._reports" . "fileno_of",
        describe_socket_transport = "aioxide._transports" . "describe_socket_transport",
        accepted_connection = "aioxide._transports" . "accepted_connection",
        complete_socket_info = "aioxide._transports" . "complete_socket_info",
        is_plain_socket = "aioxide._transports" . "is_plain_socket",
        report_flow_failure = "aioxide._transports" . "report_flow_failure",
        send_datagram = "aioxide._transports" . "send_datagram",
        describe_read_pipe = "aioxide._transports" . "describe_read_pipe",
        describe_write_pipe = "aioxide._transports" . "describe_write_pipe",
        read_pipe_fatal_error = "aioxide._transports" . "read_pipe_fatal_error",
        write_pipe_fatal_error = "aioxide._transports" . "write_pipe_fatal_error",
        warn_unclosed_read_pipe = "aioxide._transports" . "warn_unclosed_read_pipe",
        warn_unclosed_write_pipe = "aioxide._transports" . "warn_unclosed_write_pipe",
        log_closed_by_peer = "aioxide._transports" . "log_closed_by_peer",
        warn_late_pipe_write = "aioxide._transports" . "warn_late_pipe_write",
        write_lines = "aioxide._transports" . "write_lines",
        stdlib_read_pipe = "asyncio.unix_events" . "_UnixReadPipeTransport",
        stdlib_write_pipe = "asyncio.unix_events" . "_UnixWritePipeTransport",
        broken_pipe_error = "builtins" . "BrokenPipeError",
        set_write_limits = "aioxide._transports" . "set_write_limits",
        socket_fatal_error = "aioxide._transports" . "socket_fatal_error",
        warn_unclosed_socket = "aioxide._transports" . "warn_unclosed_socket",
        stdlib_datagram_transport = "asyncio.selector_events" . "_SelectorDatagramTransport",
        blocking_io_error = "builtins" . "BlockingIOError",
        interrupted_error = "builtins" . "InterruptedError",
        os_error = "builtins" . "OSError",
        overflow_error = "builtins" . "OverflowError",
        report_slow_callback = "aioxide._reports" . "report_slow_callback",
        set_result_unless_cancelled = "asyncio.futures" . "_set_result_unless_cancelled",
        describe_failure = "aioxide._reports" . "describe_failure",
        describe_handle = "aioxide._reports" . "describe_handle",
        handle_info = "aioxide._reports" . "handle_info",
        #[cfg(Py_3_14)] allocate_lock = "_thread" . "allocate_lock",
        barrier_state = "asyncio.locks" . "_BarrierState",
        broken_barrier_error = "asyncio.exceptions" . "BrokenBarrierError",
        address_family = "socket" . "AddressFamily",
        base_event_loop = "asyncio.base_events" . "BaseEventLoop",
        base_events = "asyncio" . "base_events",
        staggered = "asyncio" . "staggered",
        fspath = "os" . "fspath",
        interleave = "asyncio.base_events" . "_interleave_addrinfos",
        log_connection = "aioxide._connections" . "log_connection",
        log_accepted = "aioxide._connections" . "log_accepted",
        log_endpoint = "aioxide._connections" . "log_endpoint",
        refuse_modifiers = "aioxide._connections" . "refuse_modifiers",
        unpack_address = "aioxide._connections" . "unpack_address",
        set_reuse_port = "asyncio.base_events" . "_set_reuseport",
        race = "aioxide._connections" . "race",
        sock_dgram = "socket" . "SOCK_DGRAM",
        sock_stream = "socket" . "SOCK_STREAM",
        unix_events = "asyncio" . "unix_events",
        unix_family = "socket" . "AF_UNIX",
        constants = "asyncio" . "constants",
        address_in_use = "errno" . "EADDRINUSE",
        address_not_available = "errno" . "EADDRNOTAVAIL",
        file_not_found_error = "builtins" . "FileNotFoundError",
        iterable = "collections.abc" . "Iterable",
        #[cfg(Py_3_13)] log_file_left = "aioxide._servers" . "log_file_left",
        log_no_socket = "aioxide._servers" . "log_no_socket",
        log_not_bound = "aioxide._servers" . "log_not_bound",
        log_serving = "aioxide._servers" . "log_serving",
        log_stale_file = "aioxide._servers" . "log_stale_file",
        passive_flag = "socket" . "AI_PASSIVE",
        stdlib_server = "asyncio.base_events" . "Server",
        unspecified_family = "socket" . "AF_UNSPEC",
        #[cfg(Py_3_13)] weak_set = "weakref" . "WeakSet",
        selector_loop = "asyncio.selector_events" . "BaseSelectorEventLoop",
        transport_socket = "asyncio.trsock" . "TransportSocket",
        gaierror = "socket" . "gaierror",
        socket_getaddrinfo = "socket" . "getaddrinfo",
        socket_module = "asyncio.base_events" . "socket",
        socket_getnameinfo = "socket" . "getnameinfo",
        socket_kind = "socket" . "SocketKind",
        check_ssl_socket = "asyncio.base_events" . "_check_ssl_socket",
        so_error = "socket" . "SO_ERROR",
        so_broadcast = "socket" . "SO_BROADCAST",
        sol_socket = "socket" . "SOL_SOCKET",
        deque = "collections" . "deque",
        buffered_protocol = "asyncio.protocols" . "BufferedProtocol",
        byte_array = "builtins" . "bytearray",
        connection_error = "builtins" . "ConnectionError",
        log_transport = "aioxide._transports" . "log_transport",
        attribute_error = "builtins" . "AttributeError",
        os_sendfile = "os" . "sendfile",
        sendfile_not_available = "asyncio.exceptions" . "SendfileNotAvailableError",
        sendfile_protocol = "asyncio.base_events" . "_SendfileFallbackProtocol",
        stdlib_loop = "asyncio.unix_events" . "_UnixSelectorEventLoop",
        unsupported_operation = "io" . "UnsupportedOperation",
        sendfile_mode = "asyncio.constants" . "_SendfileMode",
        stdlib_socket_transport = "asyncio.selector_events" . "_SelectorSocketTransport",
        warn_late_write = "aioxide._transports" . "warn_late_write",
        heappop = "heapq" . "heappop",
        heappush = "heapq" . "heappush",
        index_error = "builtins" . "IndexError",
        queue_empty = "asyncio.queues" . "QueueEmpty",
        queue_full = "asyncio.queues" . "QueueFull",
        #[cfg(Py_3_13)] queue_shut_down = "asyncio.queues" . "QueueShutDown",
        connection_reset_error = "builtins" . "ConnectionResetError",
        #[cfg(Py_3_14)] any_exception = "builtins" . "Exception",
        incomplete_read_error = "asyncio.exceptions" . "IncompleteReadError",
        interpreter_flags = "sys" . "flags",
        limit_overrun_error = "asyncio.exceptions" . "LimitOverrunError",
        logger = "asyncio.log" . "logger",
        not_implemented_error = "builtins" . "NotImplementedError",
        protocol = "asyncio.protocols" . "Protocol",
        #[cfg(Py_3_14)] report_client = "aioxide._reports" . "report_client",
        resource_warning = "builtins" . "ResourceWarning",
        stdlib_stream_reader = "asyncio.streams" . "StreamReader",
        stdlib_stream_reader_protocol = "asyncio.streams" . "StreamReaderProtocol",
        stdlib_stream_writer = "asyncio.streams" . "StreamWriter",
        warn = "warnings" . "warn",
        watch_client = "aioxide._reports" . "watch_client",
        #[cfg(not(Py_3_14))] current_tasks = "asyncio.tasks" . "_current_tasks",
        #[cfg(Py_3_14)] stdlib_add_to_awaited_by = "_asyncio" . "future_add_to_awaited_by",
        #[cfg(Py_3_14)] stdlib_discard_from_awaited_by = "_asyncio" . "future_discard_from_awaited_by",
        #[cfg(Py_3_14)] enter_task = "_asyncio" . "_enter_task",
        #[cfg(Py_3_14)] leave_task = "_asyncio" . "_leave_task",
        #[cfg(Py_3_14)] swap_current_task = "_asyncio" . "_swap_current_task",
    }
}

struct Store(UnsafeCell<MaybeUninit<Names>>);

// SAFETY: written once, by the module's import, before any function that reads it can be reached.
unsafe impl Sync for Store {}

static STORE: Store = Store(UnsafeCell::new(MaybeUninit::uninit()));

/// The names.
#[inline(always)]
pub(crate) fn names() -> &'static Names {
    // SAFETY: `fill_names` ran to its end before the module gave anything to Python.
    unsafe { (*STORE.0.get()).assume_init_ref() }
}

/// Fetches every name. Called once, first thing in the module's import.
pub(crate) fn fill_names() -> Result<()> {
    let fetched = Names::fetch()?;
    // SAFETY: the only write, with the interpreter's lock held and nobody reading yet.
    unsafe { (*STORE.0.get()).write(fetched) };
    Ok(())
}

/// An object that is never given back. Were it dropped when a later name can't be fetched, `fetch` would have an exit for
/// each name, which drops all names before it: the compiler takes minutes for those.
pub(crate) struct Kept(ManuallyDrop<Owned>);

impl Deref for Kept {
    type Target = Object;

    #[inline(always)]
    fn deref(&self) -> &Object {
        &self.0
    }
}

fn keep(fetched: Result<Owned>) -> Result<Kept> {
    fetched.map(|object| Kept(ManuallyDrop::new(object)))
}

/// The interned string `text`.
pub(crate) fn intern(text: &CStr) -> Result<Owned> {
    // SAFETY: a terminated string; a new reference or null with MemoryError.
    unsafe { Owned::from_pointer(ffi::PyUnicode_InternFromString(text.as_ptr())) }.ok_or_else(Raised::already)
}

/// `from module import attribute`.
pub(crate) fn import(module: &CStr, attribute: &CStr) -> Result<Owned> {
    // SAFETY: terminated names; new references or null with an exception.
    unsafe {
        let module = Owned::<Object>::from_pointer(ffi::PyImport_ImportModule(module.as_ptr()));
        let module = module.ok_or_else(Raised::already)?;
        let attribute = ffi::PyObject_GetAttrString(module.pointer(), attribute.as_ptr());
        Owned::from_pointer(attribute).ok_or_else(Raised::already)
    }
}

/// A literal that ends with a zero, as a C string.
pub(crate) const fn c_text(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => c"",
    }
}

fn current_loop_of_asyncio() -> Result<Slot> {
    let slot = Slot::default();
    slot.set(import(c"_asyncio", c"get_event_loop")?);
    Ok(slot)
}

/// `use_current_loop(function)`: what `Future()` and its like ask for a loop when none is named.
pub(crate) fn use_current_loop(args: Args<'_>) -> Result<()> {
    const SIGNATURE: Signature<1> =
        Signature { function: "use_current_loop", parameters: [c"function"], positional: 1, required: 1 };
    if let [Some(function)] = SIGNATURE.bind(args)? {
        names().current_loop.set(function.own());
    }
    Ok(())
}

/// The current loop: the running one, else what the function above says.
pub(crate) fn current_loop() -> Result<Owned> {
    match names().current_loop.get() {
        Some(function) => call0(&function),
        None => Err(Raised::runtime_error(format_args!("no current event loop"))),
    }
}
