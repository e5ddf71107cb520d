//! Accounts that are accounts of a database itself: whoever has the password logs in with it.

use rolecall::plan::Plan;
use rolecall::provision::{
    AccountRequest, PasswordWish, Verdict, create_account, delete_resource, rotate_credential,
};
use serde_json::json;
use sqlx::Connection;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

use super::witness::Witness;
use super::{form, target};
use crate::provision::plan_in;
use crate::sql::harness::{Database, System};

/// What PostgreSQL runs to set a password, and to refuse one with its own words.
const POSTGRES: &str = r"
    CREATE FUNCTION set_password(account text, password text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        IF account LIKE '%refused%' THEN
            RAISE EXCEPTION 'the password % (hex %) is too weak', password, encode(password::bytea, 'hex')
                USING DETAIL = 'base64 ' || encode(password::bytea, 'base64');
        END IF;
        EXECUTE format('ALTER ROLE %I PASSWORD %L', account, password);
    END $$";

const MYSQL: &str = r"
    CREATE PROCEDURE create_account(account TEXT, pass TEXT)
        EXECUTE IMMEDIATE CONCAT('CREATE USER ', QUOTE(account), '@', QUOTE('%'), ' IDENTIFIED BY ', QUOTE(pass));
    CREATE PROCEDURE set_password(account TEXT, pass TEXT)
        EXECUTE IMMEDIATE CONCAT('SET PASSWORD FOR ', QUOTE(account), '@', QUOTE('%'), ' = PASSWORD(', QUOTE(pass), ')')";

struct Server {
    database: Database,
    plan: Plan,
}

impl Server {
    async fn new(system: System) -> Option<Self> {
        let (seed, connector) = match system {
            System::Postgres => (
                POSTGRES,
                include_str!("../../../fixtures/provision/accounts/postgres.yaml"),
            ),
            System::Mysql => (
                MYSQL,
                include_str!("../../../fixtures/provision/accounts/mysql.yaml"),
            ),
            System::Sqlite => return None,
        };
        let database = Database::create(system, seed).await?;
        let file = database.folder.path().join("accounts.yaml");
        let text = format!("{}{connector}", database.connect());
        let password = database.url.password().unwrap_or_default().to_owned();
        let plan = plan_in(&file, &text, &[("PASSWORD", &password)]);
        Some(Self { database, plan })
    }

    /// Whether somebody logs in with this password, over the network as anybody does.
    async fn lets_in(&self, login: &str, password: &str) -> bool {
        let url = &self.database.url;
        let host = url.host_str().expect("a host");
        let port = url.port().expect("a port");
        let tried = async {
            match self.database.system {
                System::Postgres => {
                    let options = PgConnectOptions::new().host(host).port(port);
                    let options = options.username(login).password(password);
                    PgConnection::connect_with(&options.database(&self.database.name))
                        .await
                        .map(drop)
                }
                _ => {
                    let options = MySqlConnectOptions::new().host(host).port(port);
                    let options = options.username(login).password(password);
                    MySqlConnection::connect_with(&options).await.map(drop)
                }
            }
        };
        // What the test itself asks is no message of the program.
        tried.with_subscriber(NoSubscriber::default()).await.is_ok()
    }
}

#[tokio::test]
async fn whoever_has_the_new_password_logs_in_with_it() {
    for system in [System::Postgres, System::Mysql] {
        let Some(server) = Server::new(system).await else {
            continue;
        };
        let (plan, witness) = (&server.plan, Witness::new());
        // An id that has to be quoted wherever it stands, and is nobody else's.
        let login = format!("o'ne\"il`l;-- \\ {}", server.database.name);
        let asked = AccountRequest {
            input: form(json!({"login": login})),
            hand_over: witness.to_file(),
            ..AccountRequest::default()
        };
        let making = create_account(plan, asked).expect("it can be asked for");
        let (made, first) = witness.new_password(making).await;
        assert_eq!(made.resource.expect("it is found").id.id, login);
        assert!(server.lets_in(&login, &first).await, "{first}");
        assert!(
            !server.lets_in(&login, &first[1..]).await,
            "it asks for passwords"
        );

        let rotate = |id: &str| {
            rotate_credential(
                plan,
                target("user", id),
                PasswordWish::Preferred,
                witness.to_file(),
            )
            .expect("it can be asked for")
        };
        let (_, second) = witness.new_password(rotate(&login)).await;
        assert!(server.lets_in(&login, &second).await, "{second}");
        assert!(!server.lets_in(&login, &first).await);
        let nobody = witness.make(rotate("nobody at all")).await.finished.outcome;
        assert_eq!(nobody.verdict, Verdict::Refused, "{nobody:#?}");

        let delete = || delete_resource(plan, target("user", &login)).expect("it can be asked for");
        let gone = witness.make(delete()).await.finished.outcome;
        assert_eq!(gone.verdict, Verdict::Made, "{gone:#?}");
        assert!(!server.lets_in(&login, &second).await);
        let gone = witness.make(delete()).await.finished.outcome;
        assert_eq!(gone.verdict, Verdict::AlreadySo, "{gone:#?}");
        for password in [first, second] {
            witness.has_not_seen(&password);
        }
        plan.source.close().await;
    }
}

/// The role, the words of the database that repeat the password in three forms, and the file are
/// all gone afterwards.
#[tokio::test]
async fn a_database_that_refuses_a_password_and_repeats_it_tells_nobody() {
    let Some(server) = Server::new(System::Postgres).await else {
        return;
    };
    let witness = Witness::new();
    let login = format!("refused {}", server.database.name);
    // One that is known beforehand: a new one would be gone with its file.
    let given = "w3ak 'pass\"word\\ ü";
    let plan_text = std::fs::read_to_string("tests/fixtures/provision/accounts/postgres.yaml");
    let text = plan_text.expect("it is there").replace(
        "credentials: {random_password: {}}",
        "credentials: {encrypted_password: {}}",
    );
    let file = server.database.folder.path().join("accounts.yaml");
    let password = server.database.url.password().unwrap_or_default();
    let text = format!("{}{text}", server.database.connect());
    let plan = plan_in(&file, &text, &[("PASSWORD", password)]);
    let asked = AccountRequest {
        input: form(json!({"login": login})),
        password: PasswordWish::Given(given.into()),
        ..AccountRequest::default()
    };
    let making = create_account(&plan, asked).expect("it can be asked for");
    let refused = witness.make(making).await.finished.outcome;
    assert_eq!(refused.verdict, Verdict::Failed, "{refused:#?}");
    witness.has_not_seen(given);
    let query = format!("SELECT rolname FROM pg_roles WHERE rolname = '{login}'");
    let left = crate::provision::sql::way::read(&server.database, &query).await;
    assert!(left.is_empty(), "the role went with its transaction");
    plan.source.close().await;
    server.plan.source.close().await;
}
