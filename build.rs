//! `proto/` → Rust types of the protocol's messages, without a protoc binary; and what compiles them.

use std::{env, error::Error, fs, path::Path, process::Command};

/// One folder per package; a package that is not listed is not compiled.
const PACKAGES: &[&str] = &[
    "c1/c1z/v3",
    "c1/config/v1",
    "c1/connector/v2",
    "c1/connectorapi/baton/v1",
    "google/rpc",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("proto");
    let mut files = Vec::new();
    for package in PACKAGES {
        for entry in fs::read_dir(root.join(package))? {
            files.push(entry?.path());
        }
    }
    files.sort();
    let mut definitions = protox::Compiler::new([root])?;
    definitions.include_imports(true).open_files(files)?;
    // What shows messages as JSON reads this.
    let descriptors = Path::new(&env::var("OUT_DIR")?).join("descriptors.bin");
    fs::write(descriptors, definitions.encode_file_descriptor_set())?;

    let mut messages = prost_build::Config::new();
    messages
        // Blobs are compared byte for byte from one sync to the next: a map has one encoding.
        .btree_map(["."])
        .enable_type_names()
        .type_name_domain(["."], "type.googleapis.com");
    tonic_prost_build::configure()
        .compile_fds_with_config(definitions.file_descriptor_set(), messages)?;
    println!("cargo:rustc-env=ROLECALL_RUSTC={}", compiler()?);
    Ok(())
}

/// The name and the version of the compiler: a platform is told what a connector was built with.
fn compiler() -> Result<String, Box<dyn Error>> {
    let said = Command::new(env::var("RUSTC")?).arg("--version").output()?;
    let said = String::from_utf8(said.stdout)?;
    Ok(said
        .split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" "))
}
