//! The machine that a connector runs on → what the platform is told of it.

use std::path::Path;

use sysinfo::System;

use crate::host_name::host_name;
use crate::proto::connectorapi::baton::v1::baton_service_hello_request::{BuildInfo, OsInfo};

/// The longest text that the protocol takes here, in characters.
const LONGEST: usize = 256;

/// The machine. Platforms refuse empty fields, so there are none.
pub(super) fn os_info() -> OsInfo {
    let os = std::env::consts::OS;
    let platform = System::distribution_id();
    let family = System::distribution_id_like().into_iter().next();
    let kernel = System::kernel_version().ok();
    let version = System::os_version().ok().or_else(|| kernel.clone());
    OsInfo {
        hostname: filled(host_name(), "unknown"),
        os: os.to_owned(),
        platform_version: filled(version, "unknown"),
        platform_family: filled(family, &filled(Some(platform.clone()), os)),
        platform: filled(Some(platform), os),
        kernel_version: filled(kernel, "unknown"),
        kernel_arch: filled(Some(System::cpu_arch()), std::env::consts::ARCH),
        virtualization_system: filled(virtualization(), "none"),
    }
}

/// This program.
pub(super) fn build_info() -> BuildInfo {
    BuildInfo {
        lang_version: env!("ROLECALL_RUSTC").to_owned(),
        package: env!("CARGO_PKG_NAME").to_owned(),
        package_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// The container or the virtual machine around us, as far as it shows itself.
fn virtualization() -> Option<String> {
    let containers = [
        ("/.dockerenv", "docker"),
        ("/run/.containerenv", "podman"),
        ("/var/run/secrets/kubernetes.io", "kubernetes"),
    ];
    let container = containers.iter().find(|(sign, _)| Path::new(sign).exists());
    if let Some((_, name)) = container {
        return Some((*name).to_owned());
    }
    if let Ok(kind) = std::fs::read_to_string("/sys/hypervisor/type") {
        return Some(kind.trim().to_owned());
    }
    let product = std::fs::read_to_string("/sys/class/dmi/id/product_name").ok()?;
    let machines = [
        ("KVM", "kvm"),
        ("QEMU", "qemu"),
        ("VMware", "vmware"),
        ("VirtualBox", "vbox"),
        ("Virtual Machine", "hyperv"),
    ];
    let machine = machines.iter().find(|(sign, _)| product.contains(sign));
    machine.map(|(_, name)| (*name).to_owned())
}

fn filled(text: Option<String>, otherwise: &str) -> String {
    let text = text.filter(|text| !text.trim().is_empty());
    let text = text.unwrap_or_else(|| otherwise.to_owned());
    text.trim().chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_is_told_something_in_every_field() {
        let OsInfo {
            hostname,
            os,
            platform,
            platform_version,
            platform_family,
            kernel_version,
            kernel_arch,
            virtualization_system,
        } = os_info();
        let BuildInfo {
            lang_version,
            package,
            package_version,
        } = build_info();
        assert!(lang_version.starts_with("rustc 1."), "{lang_version}");
        assert_eq!(os, std::env::consts::OS);
        for text in [
            hostname,
            os,
            platform,
            platform_version,
            platform_family,
            kernel_version,
            kernel_arch,
            virtualization_system,
            lang_version,
            package,
            package_version,
        ] {
            assert!((1..=LONGEST).contains(&text.chars().count()), "{text:?}");
        }
    }

    #[test]
    fn long_texts_are_cut_and_blank_ones_replaced() {
        assert_eq!(filled(Some("é".repeat(300)), "").chars().count(), LONGEST);
        assert_eq!(filled(Some(" \n".to_owned()), "none"), "none");
        assert_eq!(filled(None, "none"), "none");
        assert_eq!(filled(Some(" x\n".to_owned()), "none"), "x");
    }
}
