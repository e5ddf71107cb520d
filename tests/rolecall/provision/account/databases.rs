//! Accounts and teams that are rows of tables, on every database; what came of it is read by a
//! connection of the test's own.

use rolecall::plan::Plan;
use rolecall::provision::{
    AccountRequest, Annotation, HandOver, PasswordWish, Recipient, Verdict, create_account,
    create_resource, delete_resource, rotate_credential,
};
use secrecy::SecretString;
use serde_json::json;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

use super::witness::Witness;
use super::{form, target};
use crate::provision::plan_in;
use crate::provision::sql::way::{Way, read};
use crate::sql::harness::{Database, System};

const CONNECTOR: &str = include_str!("../../../fixtures/provision/accounts/tables.yaml");

/// An id that has to be quoted wherever it stands.
const LOGIN: &str = "o'neill\"; DROP TABLE accounts; -- \\ ?<password> $1 % ü";

struct Company {
    database: Database,
    plan: Plan,
}

impl Company {
    async fn new(way: Way) -> Option<Self> {
        let flag = match way.system {
            System::Sqlite => "INTEGER",
            System::Postgres | System::Mysql => "BOOLEAN",
        };
        let schema = format!(
            "CREATE TABLE accounts (login VARCHAR(200) PRIMARY KEY, name VARCHAR(200) NOT NULL, email VARCHAR(200), badge BIGINT, remote {flag}, pin VARCHAR(200), secret VARCHAR(200));
             CREATE TABLE notes (login VARCHAR(200), note VARCHAR(20));
             CREATE TABLE teams (name VARCHAR(200) PRIMARY KEY, size INTEGER);"
        );
        let long_enough = schema.replace("note VARCHAR(20)", "note VARCHAR(100)");
        let database = way.create(&long_enough).await?;
        let file = database.folder.path().join("acme.yaml");
        let text = format!("{}{CONNECTOR}", database.connect());
        let password = database.url.password().unwrap_or_default().to_owned();
        let plan = plan_in(&file, &text, &[("PASSWORD", &password)]);
        Some(Self { database, plan })
    }

    /// The first column of a query; `?` stands for texts.
    async fn read(&self, sql: &str, texts: &[&str]) -> Vec<String> {
        let quoted = texts.iter().map(|text| {
            let quoted = text.replace('\'', "''");
            let quoted = match self.database.system {
                System::Mysql => quoted.replace('\\', "\\\\"),
                _ => quoted,
            };
            format!("'{quoted}'")
        });
        let quoted = quoted.chain([String::new()]);
        let sql: Vec<_> = sql.split('?').map(str::to_owned).zip(quoted).collect();
        let sql: String = sql.into_iter().flat_map(<[String; 2]>::from).collect();
        // What the test itself asks is no message of the program.
        let silent = NoSubscriber::default();
        read(&self.database, &sql).with_subscriber(silent).await
    }

    async fn has_password(&self, login: &str, password: &str) -> bool {
        let found = self
            .read(
                "SELECT login FROM accounts WHERE login = ? AND secret = ?",
                &[login, password],
            )
            .await;
        !found.is_empty()
    }
}

fn account(
    fields: serde_json::Value,
    password: PasswordWish,
    hand_over: HandOver,
) -> AccountRequest {
    AccountRequest {
        resource_type: None,
        input: form(fields),
        password,
        hand_over,
    }
}

#[tokio::test]
async fn an_account_comes_gets_a_new_password_and_goes_on_every_database() {
    for way in Way::all() {
        let Some(company) = Company::new(way).await else {
            continue;
        };
        let (plan, witness) = (&company.plan, Witness::new());
        let fields = || json!({"login": LOGIN, "name": "O'Neill", "email": "o@acme.test", "badge": "12", "remote": "true", "pin_token": "pin-7734-abc"});
        let asked = || account(fields(), PasswordWish::Preferred, witness.to_file());
        let making = create_account(plan, asked()).expect("it can be asked for");
        let (made, first) = witness.new_password(making).await;
        assert!(
            first.len() == 20 && first.chars().filter(|c| "'\"\\;-%".contains(*c)).count() >= 4
        );
        assert!(company.has_password(LOGIN, &first).await, "{first}");
        let resource = made.resource.expect("it is mapped");
        assert_eq!(
            (resource.id.id.as_str(), resource.display_name.as_str()),
            (LOGIN, "O'Neill")
        );
        assert_eq!(resource.traits.len(), 1);
        let badge = company.read(
            "SELECT CAST(badge AS CHAR(2)) FROM accounts WHERE pin = ?",
            &["pin-7734-abc"],
        );
        assert_eq!(badge.await, ["12"]);
        let note = company
            .read(
                "SELECT note FROM notes WHERE note = ?",
                &[&format!("pw:{first}")],
            )
            .await;
        assert_eq!(note.len(), 1);
        witness.has_not_seen("pin-7734-abc");

        // The same once more: nothing is made, and no file stays.
        let making = create_account(plan, asked()).expect("it can be asked for");
        let again = witness.make(making).await;
        assert_eq!(again.finished.outcome.verdict, Verdict::AlreadySo);
        assert_eq!(again.resource.expect("it is found").id.id, LOGIN);
        assert!(again.password_file.is_none() && !witness.password_file().exists());
        assert!(company.has_password(LOGIN, &first).await);

        let rotate = |id: &str| {
            let wish = PasswordWish::Random {
                length: Some(64),
                constraints: Vec::new(),
            };
            rotate_credential(plan, target("user", id), wish, witness.to_file())
                .expect("it can be asked for")
        };
        let (_, second) = witness.new_password(rotate(LOGIN)).await;
        assert!(second.len() == 64 && company.has_password(LOGIN, &second).await);
        let nobody = witness.make(rotate("nobody")).await;
        assert_eq!(nobody.finished.outcome.verdict, Verdict::WrongRows);
        assert!(nobody.password_file.is_none() && !witness.password_file().exists());

        let delete = || delete_resource(plan, target("user", LOGIN)).expect("it can be asked for");
        let gone = witness.make(delete()).await;
        assert_eq!(
            gone.finished.outcome.verdict,
            Verdict::Made,
            "{:#?}",
            gone.finished.outcome
        );
        let left = company.read(
            "SELECT login FROM accounts UNION SELECT login FROM notes",
            &[],
        );
        assert!(left.await.is_empty());
        let gone = witness.make(delete()).await.finished.outcome;
        assert_eq!(gone.verdict, Verdict::AlreadySo);
        assert_eq!(gone.annotations, [Annotation::ResourceDoesNotExist]);
        witness.has_not_seen(&first);
        witness.has_not_seen(&second);
        plan.source.close().await;
    }
}

#[tokio::test]
async fn what_is_left_empty_is_null_and_an_account_may_have_no_password() {
    for way in Way::all() {
        let Some(company) = Company::new(way).await else {
            continue;
        };
        let fields = json!({"login": "ada", "name": "Ada", "email": "", "badge": 0});
        let asked = account(fields, PasswordWish::NoPassword, HandOver::default());
        let making = create_account(&company.plan, asked).expect("no password is lost");
        let made = Witness::new().make(making).await;
        assert_eq!(
            made.finished.outcome.verdict,
            Verdict::Made,
            "{:#?}",
            made.finished.outcome
        );
        let found = company.read("SELECT login FROM accounts WHERE email IS NULL AND badge IS NULL AND pin IS NULL AND secret IS NULL AND NOT (remote = (1 = 1))", &[]);
        assert_eq!(found.await, ["ada"]);
        assert_eq!(
            company.read("SELECT note FROM notes", &[]).await,
            ["pw:none"]
        );
        company.plan.source.close().await;
    }
}

#[tokio::test]
async fn a_password_that_was_chosen_elsewhere_is_set_and_not_handed_over_again() {
    let way = Way::all()[0];
    let company = Company::new(way).await.expect("SQLite is always there");
    let given = "ch0sen elsewhere";
    let wish = PasswordWish::Given(SecretString::from(given));
    let asked = account(
        json!({"login": "ada", "name": "Ada"}),
        wish,
        HandOver::default(),
    );
    let witness = Witness::new();
    let making = create_account(&company.plan, asked).expect("whoever gave it knows it");
    let made = witness.make(making).await;
    assert_eq!(made.finished.outcome.verdict, Verdict::Made);
    assert!(made.credentials.is_empty() && made.password_file.is_none());
    assert!(company.has_password("ada", given).await);
    witness.has_not_seen(given);
}

#[tokio::test]
async fn a_password_is_sealed_to_each_recipient_and_to_nobody_when_nothing_was_made() {
    let way = Way::all()[0];
    let company = Company::new(way).await.expect("SQLite is always there");
    let identities = [(); 2].map(|()| age::x25519::Identity::generate());
    let hand_over = || HandOver {
        recipients: identities
            .iter()
            .map(|identity| Recipient::parse(None, &identity.to_public().to_string()))
            .collect::<Result<_, _>>()
            .expect("keys"),
        to: None,
    };
    let witness = Witness::new();
    let fields = || json!({"login": "ada", "name": "Ada"});
    let asked = || account(fields(), PasswordWish::Preferred, hand_over());
    let making = create_account(&company.plan, asked()).expect("it can be asked for");
    let made = witness.make(making).await;
    let opened: Vec<String> = made
        .credentials
        .iter()
        .zip(&identities)
        .map(|(sealed, identity)| age::decrypt(identity, &sealed.encrypted_bytes).expect("opens"))
        .map(|plain| String::from_utf8(plain).expect("text"))
        .collect();
    assert!(opened.len() == 2 && opened[0] == opened[1]);
    assert!(company.has_password("ada", &opened[0]).await);
    witness.has_not_seen(&opened[0]);
    let making = create_account(&company.plan, asked()).expect("it can be asked for");
    let again = witness.make(making).await;
    assert!(again.credentials.is_empty(), "it would be of no use");
}

#[tokio::test]
async fn nothing_is_sent_when_the_password_cannot_be_handed_over() {
    let way = Way::all()[0];
    let company = Company::new(way).await.expect("SQLite is always there");
    let fields = || json!({"login": "ada", "name": "Ada"});
    let lost = account(fields(), PasswordWish::Preferred, HandOver::default());
    let error = create_account(&company.plan, lost).expect_err("it would be lost");
    assert!(error.to_string().contains("would be lost"), "{error}");
    let witness = Witness::new();
    std::fs::write(witness.password_file(), "of an earlier run").expect("can be written");
    let asked = account(fields(), PasswordWish::Preferred, witness.to_file());
    let making = create_account(&company.plan, asked).expect("it can be asked for");
    let ran = making
        .run(&mut rolecall::provision::NoJournal, Default::default())
        .await;
    let error = ran.expect_err("a file that is there is not written over");
    assert!(error.to_string().contains("earlier run"), "{error}");
    assert!(
        company
            .read("SELECT login FROM accounts", &[])
            .await
            .is_empty()
    );
    // What the database refuses leaves no file, and the transaction nothing of its first statement.
    std::fs::remove_file(witness.password_file()).expect("it is ours");
    company.database.execute("DROP TABLE notes; CREATE TABLE notes (login VARCHAR(9), note VARCHAR(9) CHECK (length(note) < 3))").await;
    let asked = account(fields(), PasswordWish::Preferred, witness.to_file());
    let making = create_account(&company.plan, asked).expect("it can be asked for");
    let failed = witness.make(making).await;
    assert_eq!(failed.finished.outcome.verdict, Verdict::Failed);
    assert!(!witness.password_file().exists() && failed.password_file.is_none());
    assert!(
        company
            .read("SELECT login FROM accounts", &[])
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn an_account_that_is_accepted_and_not_shown_is_unclear_and_its_password_stays() {
    let way = Way::all()[0];
    let company = Company::new(way).await.expect("SQLite is always there");
    let elsewhere = CONNECTOR.replace(
        "WHERE login = ?<who>",
        "WHERE login = ?<who> AND 'here' = 'there'",
    );
    let text = format!("{}{elsewhere}", company.database.connect());
    let plan = plan_in(
        &company.database.folder.path().join("acme.yaml"),
        &text,
        &[],
    );
    let witness = Witness::new();
    let fields = json!({"login": "ada", "name": "Ada"});
    let asked = account(fields, PasswordWish::Preferred, witness.to_file());
    let making = create_account(&plan, asked).expect("it can be asked for");
    let made = witness.make(making).await;
    assert_eq!(made.finished.outcome.verdict, Verdict::Unclear);
    assert!(made.resource.is_none());
    let file = made.password_file.expect("it may be in force");
    let password = std::fs::read_to_string(file).expect("it is there");
    assert!(company.has_password("ada", &password).await);
    witness.has_not_seen(&password);
}

#[tokio::test]
async fn a_resource_comes_once_and_goes_once_on_every_database() {
    for way in Way::all() {
        let Some(company) = Company::new(way).await else {
            continue;
        };
        let (plan, witness) = (&company.plan, Witness::new());
        let fields = form(json!({"name": LOGIN, "size": "0"}));
        let create = || create_resource(plan, "team", &fields).expect("it can be asked for");
        let made = witness.make(create()).await;
        assert_eq!(
            made.finished.outcome.verdict,
            Verdict::Made,
            "{:#?}",
            made.finished.outcome
        );
        assert_eq!(made.resource.expect("mapped").id.id, LOGIN);
        assert_eq!(
            witness.make(create()).await.finished.outcome.verdict,
            Verdict::AlreadySo
        );
        let size = company.read("SELECT CAST(size AS CHAR(1)) FROM teams", &[]);
        assert_eq!(size.await, ["0"]);
        // No `get`: what was deleted is told by the rows that went.
        let delete = || delete_resource(plan, target("team", LOGIN)).expect("it can be asked for");
        assert_eq!(
            witness.make(delete()).await.finished.outcome.verdict,
            Verdict::Made
        );
        let gone = witness.make(delete()).await.finished.outcome;
        assert_eq!(gone.verdict, Verdict::AlreadySo);
        assert_eq!(gone.annotations, [Annotation::ResourceDoesNotExist]);
        assert!(company.read("SELECT name FROM teams", &[]).await.is_empty());
        plan.source.close().await;
    }
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_told_before_anything_is_sent() {
    let way = Way::all()[0];
    let company = Company::new(way).await.expect("SQLite is always there");
    let plan = &company.plan;
    let of = |fields, resource_type: Option<&str>| {
        let request = AccountRequest {
            resource_type: resource_type.map(str::to_owned),
            input: form(fields),
            password: PasswordWish::NoPassword,
            hand_over: HandOver::default(),
        };
        create_account(plan, request)
            .expect_err("it cannot be asked for")
            .to_string()
    };
    let empty = form(json!({}));
    let messages = [
        of(json!({"logn": "ada", "badge": "x"}), None),
        of(json!({}), Some("usr")),
        of(json!({}), Some("team")),
        create_resource(plan, "user", &empty)
            .expect_err("an account")
            .to_string(),
        create_resource(plan, "team", &empty)
            .expect_err("no name")
            .to_string(),
        rotate_credential(
            plan,
            target("team", "a"),
            PasswordWish::Preferred,
            HandOver::default(),
        )
        .expect_err("teams have none")
        .to_string(),
        rotate_credential(
            plan,
            target("user", "a"),
            PasswordWish::NoPassword,
            HandOver::default(),
        )
        .expect_err("not offered")
        .to_string(),
        delete_resource(plan, target("usr", "a"))
            .expect_err("no such type")
            .to_string(),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}
