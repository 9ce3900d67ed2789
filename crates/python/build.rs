//! Makes PyO3's version switches (`Py_3_12`, `Py_3_14`, ...) usable in this crate.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
    pyo3_build_config::add_extension_module_link_args();
}
