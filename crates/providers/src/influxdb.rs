//! InfluxDB: Flux for version 2 (and 1.8), InfluxQL for version 1.

mod flux;
mod influxql;

use serde_json::json;

use crate::auth::Auth;
use crate::error::{ConfigError, ProbeError, QueryError};
use crate::http::Server;
use crate::setup::Setup;

/// A query of version 2 that needs no more than a token and the bucket of the name.
const FLUX_PROBE: &str = r#"from(bucket: "default") |> range(start: -2h)"#;

/// A query of version 1 that every user may run.
const INFLUXQL_PROBE: &str = "SHOW DATABASES";

/// Flagger gives this client fifteen seconds, three times as long as the others.
const PATIENCE: u32 = 3;

/// A server with the query API of InfluxDB 1 or 2.
#[derive(Debug, Clone)]
pub struct InfluxDb {
    server: Server,
    account: Account,
}

/// What the Secret says of whom the data belongs to.
#[derive(Debug, Clone)]
enum Account {
    /// `token` and `org`, or no Secret.
    Organisation(String),
    /// `username` and `password`, as version 1 knows them, and `database`.
    User(Option<String>),
}

impl InfluxDb {
    pub(crate) fn new(setup: &Setup<'_>) -> Result<Self, ConfigError> {
        let (auth, account) = read(setup)?;
        Ok(Self { server: Server::new(setup, "", auth)?.with_patience(PATIENCE), account })
    }

    /// The first value of a query: one that begins with `SELECT` is InfluxQL, any other one Flux.
    ///
    /// # Errors
    /// [`QueryError::NoValues`] when there is none; others when the query cannot be answered.
    pub async fn query(&self, query: &str) -> Result<f64, QueryError> {
        if influxql::is(query) {
            self.server.ask(self.influxql(query), influxql::value).await
        } else {
            self.server.ask(self.flux(query), flux::value).await
        }
    }

    /// Whether queries are answered.
    ///
    /// # Errors
    /// Why they are not.
    pub async fn is_online(&self) -> Result<(), ProbeError> {
        let request = match self.account {
            Account::Organisation(_) => self.flux(FLUX_PROBE),
            Account::User(_) => self.influxql(INFLUXQL_PROBE),
        };
        self.server.fetch(request).await.map(drop).map_err(ProbeError::Request)
    }

    fn flux(&self, query: &str) -> reqwest::RequestBuilder {
        let organisation = match &self.account {
            Account::Organisation(name) => name,
            Account::User(_) => "",
        };
        let dialect = json!({
            "annotations": ["datatype", "group", "default"], "delimiter": ",", "header": true,
        });
        let body = json!({ "dialect": dialect, "query": query, "type": "flux" });
        self.server.post(self.server.at("api/v2/query")).query(&[("org", organisation)]).json(&body)
    }

    fn influxql(&self, query: &str) -> reqwest::RequestBuilder {
        let database = match &self.account {
            Account::User(Some(name)) => Some(("db", name.as_str())),
            _ => None,
        };
        let parameters: Vec<_> = database.into_iter().chain([("q", query)]).collect();
        self.server.get(self.server.at("query")).query(&parameters)
    }
}

fn read(setup: &Setup<'_>) -> Result<(Option<Auth>, Account), ConfigError> {
    if setup.provider.secret_ref.is_none() {
        return Ok((None, Account::Organisation(String::new())));
    }
    if setup.optional("token")?.is_none() && setup.optional("username")?.is_some() {
        let database = setup.optional("database")?.map(|name| name.reveal().to_owned());
        return Ok((setup.basic()?, Account::User(database)));
    }
    let token = setup.required("token", "an authentication token")?;
    let organisation = setup.required("org", "an organisation")?;
    Ok((Some(Auth::scheme("Token ", token)), Account::Organisation(organisation.reveal().to_owned())))
}
