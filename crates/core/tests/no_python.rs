//! Core knows nothing of Python: nothing that binds to it may enter core's dependency tree.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::process::Command;

const FORBIDDEN: [&str; 6] = ["pyo3", "pyo3-ffi", "pyo3-build-config", "python3-sys", "cpython", "maturin"];

#[test]
fn no_python_in_the_dependency_tree() {
    let tree = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["tree", "--offline", "--package", "aioxide-core", "--edges", "normal,build"])
        .args(["--target", "all", "--all-features", "--prefix", "none", "--format", "{p}"])
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));

    let tree = String::from_utf8(tree.stdout).unwrap();
    let packages: Vec<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(
        packages.contains(&"aioxide-core") && packages.contains(&"rustix"),
        "not a dependency tree:\n{tree}"
    );
    let found: Vec<&&str> = packages.iter().filter(|package| FORBIDDEN.contains(package)).collect();
    assert!(found.is_empty(), "core depends on {found:?}");
}
