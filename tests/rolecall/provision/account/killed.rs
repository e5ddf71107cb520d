//! A run that is killed after the account was made and before its answer came.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::{program, said};

const CONNECTOR: &str = r#"
app_name: Acme
connect: {base_url: "${BASE}"}
resource_types:
  user:
    list:
      request: {url: /users}
      response: {resource_mapping: {id: "cel:item.login", display_name: "cel:item.login"}}
    account_provisioning:
      schema: [{name: login, type: string, required: true}]
      credentials: {random_password: {}}
      validate: {request: {url: "tmpl:/users/{{ .input.login }}"}}
      create:
        request: {method: POST, url: /users, body: {login: "tmpl:{{ .input.login }}", password: "tmpl:{{ .password }}"}}
"#;

/// Users by login, with their passwords.
type Users = Arc<Mutex<HashMap<String, String>>>;

/// An API that makes users and never says so. Returns its URL.
fn serve(users: Users, made: Sender<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (users, made) = (users.clone(), made.clone());
            std::thread::spawn(move || answer(stream.expect("a connection"), &users, &made));
        }
    });
    format!("http://{address}")
}

fn answer(stream: TcpStream, users: &Users, made: &Sender<()>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a connection"));
    let mut first = String::new();
    reader.read_line(&mut first).expect("a request");
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header");
        let (name, value) = line.trim().split_once(": ").unwrap_or_default();
        match name {
            "" => break,
            "content-length" => length = value.parse().expect("a number"),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    if first.starts_with("POST ") {
        let body: Json = serde_json::from_slice(&body).expect("JSON");
        let text = |name: &str| body[name].as_str().expect("a text").to_owned();
        let mut users = users.lock().expect("nobody panics with it");
        assert!(
            users.insert(text("login"), text("password")).is_none(),
            "made twice"
        );
        made.send(()).expect("somebody waits");
        drop(users);
        // Until the other side is gone.
        let _ = reader.read(&mut [0]);
        return;
    }
    let login = first.split(['/', ' ']).nth(3).expect("a user");
    let users = users.lock().expect("nobody panics with it");
    let (status, body) = match users.contains_key(login) {
        true => ("200 OK", json!({"login": login}).to_string()),
        false => ("404 Not Found", String::new()),
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    (&stream)
        .write_all(answer.as_bytes())
        .expect("somebody reads");
}

#[test]
fn a_run_that_was_killed_leaves_the_password_and_the_next_one_asks_before_it_sends() {
    let users = Users::default();
    let (made, is_made) = channel();
    let base = serve(users.clone(), made);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("acme.yaml"), CONNECTOR).expect("written");
    let create = |file: &str| {
        let mut program = program();
        program
            .args([
                "create-account",
                "acme.yaml",
                "--set",
                "login=ada",
                "--provisioning",
            ])
            .args(["--secret-file", file, "--log-level", "trace"])
            .env("BASE", &base)
            .env("RUST_LOG", "trace")
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        program
    };
    let mut child = create("first.txt").spawn().expect("the program runs");
    is_made
        .recv_timeout(Duration::from_secs(60))
        .expect("it is made");
    let password = users.lock().expect("nobody panics with it")["ada"].clone();
    // Anybody on the machine sees how it was called.
    for seen in ["cmdline", "environ"] {
        let seen = std::fs::read(format!("/proc/{}/{seen}", child.id())).expect("it runs");
        assert!(!String::from_utf8_lossy(&seen).contains(&password));
    }
    child.kill().expect("it runs");
    let killed = child.wait_with_output().expect("it ran");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name));
    assert_eq!(read("first.txt").expect("it stays"), password);

    let again = create("second.txt").output().expect("the program runs");
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    assert!(
        String::from_utf8_lossy(&again.stdout).contains("ALREADY SO"),
        "{}",
        said(&again)
    );
    assert!(read("second.txt").is_err(), "no second password was made");
    assert_eq!(
        users.lock().expect("nobody panics with it")["ada"],
        password
    );
    for text in [
        said(&killed),
        said(&again),
        read("rolecall-audit.jsonl").expect("it is there"),
    ] {
        assert!(!text.contains(&password), "{text}");
        let json = json!(password).to_string();
        assert!(!text.contains(json.trim_matches('"')), "{text}");
    }
}
