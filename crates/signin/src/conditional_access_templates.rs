//! `GET /v1.0/identity/conditionalAccess/templates`: the policies to begin from (Microsoft Graph; specification 2.13).

use portcullis_model::conditional_access::template::{ConditionalAccessTemplate, TemplateScenario};
use portcullis_protocol::oauth::parameters::Parameters;
use serde_json::{Value, json};

use crate::conditional_access_evaluation::check_permission;
use crate::graph_caller::{self, GraphCall};
use crate::house::{House, Moment};
use crate::realm;
use crate::sign_in_report::GraphError;

/// The catalogue, or what of it is for one scenario, in Graph's envelope.
pub async fn list_templates(
    house: &House,
    moment: &Moment<'_>,
    call: GraphCall<'_>,
) -> Result<Value, GraphError> {
    check_caller(house, moment, call).await?;
    let wanted = read_query(call.query)?;
    let mut templates = catalogue()?;
    templates.retain(|one| wanted.is_none_or(|scenario| one.scenarios.contains(scenario)));
    Ok(json!({ "@odata.context": context(house, ""), "value": templates }))
}

/// One template.
pub async fn find_template(
    house: &House,
    moment: &Moment<'_>,
    call: GraphCall<'_>,
    id: &str,
) -> Result<Value, GraphError> {
    check_caller(house, moment, call).await?;
    if read_query(call.query)?.is_some() {
        return Err(refused("`$filter` is for lists of templates"));
    }
    let mut templates = catalogue()?.into_iter();
    let found = templates.find(|one| id.parse() == Ok(one.id));
    let template = found.ok_or_else(|| GraphError {
        status: 404,
        code: "ResourceNotFound",
        message: format!("there is no template `{id}`"),
    })?;
    let mut answer = json!(template);
    if let Some(members) = answer.as_object_mut() {
        let context = Value::String(context(house, "/$entity"));
        members.shift_insert(0, "@odata.context".to_owned(), context);
    }
    Ok(answer)
}

/// Who may ask what policies would do may read what to begin from.
async fn check_caller(
    house: &House,
    moment: &Moment<'_>,
    call: GraphCall<'_>,
) -> Result<(), GraphError> {
    let bearer = graph_caller::open(house, moment, call.authorization).await?;
    Ok(check_permission(&bearer)?)
}

fn catalogue() -> Result<Vec<ConditionalAccessTemplate>, GraphError> {
    ConditionalAccessTemplate::catalogue().map_err(|_| GraphError {
        status: 500,
        code: "InternalServerError",
        message: "the templates cannot be read".to_owned(),
    })
}

fn context(house: &House, suffix: &str) -> String {
    let base = realm::base(&house.public_url);
    format!("{base}/v1.0/$metadata#identity/conditionalAccess/templates{suffix}")
}

/// The scenario that `$filter` asks for; what is not understood is refused, never ignored.
fn read_query(query: &[u8]) -> Result<Option<TemplateScenario>, GraphError> {
    let parameters = Parameters::parse(query).map_err(|error| refused(error.to_string()))?;
    for name in OTHER_OPTIONS {
        if parameters.find(name).is_some() {
            let cure = "only `$filter=scenarios has 'secureFoundation'` and its like are";
            return Err(refused(format!(
                "query option `{name}` is not supported here; {cure}"
            )));
        }
    }
    parameters.find("$filter").map(read_filter).transpose()
}

const OTHER_OPTIONS: [&str; 9] = [
    "$select", "$top", "$skip", "$orderby", "$expand", "$count", "$search", "$format", "$apply",
];

/// `scenarios has 'secureFoundation'`, with or without the name of the type before the quote (`OData` 4.01, part 2).
fn read_filter(text: &str) -> Result<TemplateScenario, GraphError> {
    let words: Vec<_> = text.split_ascii_whitespace().collect();
    let &["scenarios", "has", word] = words.as_slice() else {
        return Err(refused(SUPPORTED));
    };
    let word = word.strip_prefix(TYPE).unwrap_or(word);
    let quoted = word
        .strip_prefix('\'')
        .and_then(|word| word.strip_suffix('\''));
    let name = quoted.ok_or_else(|| refused(SUPPORTED))?;
    name.parse()
        .map_err(|error| refused(format!("in `$filter` {error}")))
}

const TYPE: &str = "microsoft.graph.templateScenarios";
const SUPPORTED: &str = "`$filter` knows `scenarios has 'secureFoundation'`, with one of the other scenarios as well, and nothing else";

fn refused(message: impl Into<String>) -> GraphError {
    GraphError {
        status: 400,
        code: "BadRequest",
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_names_one_scenario_and_nothing_else_is_dropped() {
        let read = |query: &str| read_query(query.as_bytes());
        assert_eq!((read(""), read("$filter=")), (Ok(None), Ok(None)));
        for query in [
            "$filter=scenarios has 'zeroTrust'",
            "%24filter=scenarios+has+%27zeroTrust%27",
            "$filter=scenarios has microsoft.graph.templateScenarios'zeroTrust'",
        ] {
            assert_eq!(
                read(query),
                Ok(Some(TemplateScenario::ZeroTrust)),
                "{query}"
            );
        }
        for query in [
            "$filter=scenarios",
            "$filter=scenarios has zeroTrust",
            "$filter=scenarios has 'new'",
            "$filter=scenarios has 'trust'",
            "$filter=scenarios has 'zeroTrust,remoteWork'",
            "$filter=scenarios eq 'zeroTrust'",
            "$filter=name eq 'x'",
            "$filter=scenarios has 'zeroTrust' and scenarios has 'remoteWork'",
            "$filter=not (scenarios has 'zeroTrust')",
            "$select=id",
            "$top=1",
        ] {
            let refused = read(query).unwrap_err();
            assert_eq!(
                (refused.status, refused.code),
                (400, "BadRequest"),
                "{query}"
            );
        }
    }
}
