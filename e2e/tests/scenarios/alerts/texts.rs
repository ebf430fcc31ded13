//! What receivers get, to the byte. `<`, `>` and `&` are escaped as Go does.

/// One alert.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alert {
    /// `info`, `warn` or `error`.
    pub(super) severity: &'static str,
    /// Its text.
    pub(super) text: &'static str,
    /// Whether target and analysis are described.
    pub(super) fields: bool,
}

pub(super) const INITIALIZED: Alert =
    Alert { severity: "info", text: "New Deployment detected, initialization completed.", fields: true };
pub(super) const STARTED: Alert =
    Alert { severity: "info", text: "New revision detected, progressing canary analysis.", fields: true };
pub(super) const WAITING: Alert =
    Alert { severity: "warn", text: "Canary promotion is waiting for approval.", fields: false };
pub(super) const SUCCEEDED: Alert = Alert {
    severity: "info",
    text: "Canary analysis completed successfully, promotion finished.",
    fields: false,
};
pub(super) const FAILED: Alert =
    Alert { severity: "error", text: "Failed checks threshold reached 1", fields: false };

impl Alert {
    fn bad(self) -> bool {
        self.severity == "error"
    }

    /// Names and values of its fields.
    fn fields(self, namespace: &str) -> Vec<(&'static str, String)> {
        let mut fields = vec![("Cluster", "prod".to_owned())];
        if self.fields {
            fields.extend([
                ("Target", format!("Deployment/podinfo.{namespace}")),
                ("Failed checks threshold", "1".to_owned()),
                ("Progress deadline", "600s".to_owned()),
                ("Traffic routing", "Weight step: 50 max: 50".to_owned()),
            ]);
        }
        fields
    }

    fn each(self, namespace: &str, form: impl Fn(&str, &str) -> String) -> Vec<String> {
        self.fields(namespace).iter().map(|(name, value)| form(name, value)).collect()
    }

    /// Slack, and Discord; Rocket.Chat with colours of its own.
    pub(super) fn slack(self, namespace: &str, channel: &str, user: &str, colors: [&str; 2]) -> String {
        let fields = self.each(namespace, |name, value| {
            format!(r#"{{"title":"{name}","value":"{value}","short":false}}"#)
        });
        format!(
            concat!(
                r#"{{"channel":"{channel}","username":"{user}","icon_url":"","icon_emoji":":rocket:","#,
                r#""attachments":[{{"color":"{color}","author_name":"podinfo.{namespace}","text":"{text}","#,
                r#""mrkdwn_in":["text"],"fields":[{fields}]}}]}}"#
            ),
            channel = channel,
            user = user,
            namespace = namespace,
            color = colors[usize::from(self.bad())],
            text = self.text,
            fields = fields.join(",")
        )
    }

    /// A connector of Microsoft Teams.
    pub(super) fn connector(self, namespace: &str) -> String {
        let facts = self.each(namespace, |name, value| format!(r#"{{"name":"{name}","value":"{value}"}}"#));
        format!(
            concat!(
                r#"{{"@type":"MessageCard","@context":"http://schema.org/extensions","themeColor":"{color}","#,
                r#""summary":"podinfo.{namespace}","sections":[{{"activityTitle":"{text}","#,
                r#""activitySubtitle":"podinfo.{namespace}","facts":[{facts}]}}]}}"#
            ),
            namespace = namespace,
            color = if self.bad() { "FF0000" } else { "0076D7" },
            text = self.text,
            facts = facts.join(",")
        )
    }

    /// A workflow of Microsoft Teams.
    pub(super) fn workflow(self, namespace: &str) -> String {
        let facts = self.each(namespace, |name, value| format!(r#"{{"title":"{name}","value":"{value}"}}"#));
        let color = match self.severity {
            "info" => "accent",
            "warn" => "warning",
            _ => "attention",
        };
        format!(
            concat!(
                r#"{{"type":"message","attachments":[{{"contentType":"application/vnd.microsoft.card.adaptive","#,
                r#""contentUrl":null,"content":{{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","#,
                r#""type":"AdaptiveCard","version":"1.4","body":[{{"type":"TextBlock","text":"{text}","wrap":true,"#,
                r#""size":"medium","weight":"bolder","color":"{color}"}},{{"type":"TextBlock","#,
                r#""text":"podinfo.{namespace}","wrap":true,"isSubtle":true,"spacing":"none"}},"#,
                r#"{{"type":"FactSet","facts":[{facts}]}}]}}}}]}}"#
            ),
            color = color,
            namespace = namespace,
            text = self.text,
            facts = facts.join(",")
        )
    }

    /// Google Chat.
    pub(super) fn google_chat(self, namespace: &str) -> String {
        let strong = |text: &str| {
            format!(
                r"\u003cfont color=#848484\u003e\u003cstrong\u003e{text}\u003c/strong\u003e\u003c/font\u003e"
            )
        };
        let section = |text: &str| format!(r#"{{"widgets":[{{"textParagraph":{{"text":"{text}"}}}}]}}"#);
        let fields =
            self.each(namespace, |name, value| section(&format!(r"{name}\u003cbr\u003e{}", strong(value))));
        let sections: Vec<String> = std::iter::once(section(&strong(self.text))).chain(fields).collect();
        format!(
            concat!(
                r#"{{"cards":[{{"header":{{"title":"Flagger","subtitle":"podinfo.{namespace}","#,
                r#""imageUrl":"https://flagger.app/favicon.png"}},"sections":[{sections}]}}]}}"#
            ),
            namespace = namespace,
            sections = sections.join(",")
        )
    }

    /// Any receiver of JSON; `id` is the header `Idempotency-Key` too.
    pub(super) fn generic(self, namespace: &str, id: &str) -> String {
        let fields = self.each(namespace, |name, value| format!(r#"{{"name":"{name}","value":"{value}"}}"#));
        format!(
            concat!(
                r#"{{"id":"{id}","canary":"podinfo.{namespace}","severity":"{severity}","message":"{text}","#,
                r#""channel":"general","username":"flagger","fields":[{fields}]}}"#
            ),
            id = id,
            namespace = namespace,
            severity = self.severity,
            text = self.text,
            fields = fields.join(",")
        )
    }
}
