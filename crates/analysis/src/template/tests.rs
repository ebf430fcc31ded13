use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn model() -> TemplateModel {
    TemplateModel {
        name: "shop".into(),
        namespace: "prod".into(),
        target: "shop-app".into(),
        service: "shop-svc".into(),
        ingress: "shop-ing".into(),
        route: "shop-route".into(),
        interval: "1m".into(),
        variables: [("direction", "<in>&\"out\""), ("n", "2"), ("a-b", "dash")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    }
}

#[rstest]
#[case::every_name(
    "{{name}} {{ namespace }} {{target}} {{service}} {{ingress}} {{route}} {{interval}}",
    "shop prod shop-app shop-svc shop-ing shop-route 1m"
)]
#[case::selector(r#"up{ns="{{ namespace }}"}[{{ interval }}]"#, r#"up{ns="prod"}[1m]"#)]
#[case::no_escaping("{{ variables.direction }}", "<in>&\"out\"")]
#[case::index(r#"{{ index variables "a-b" }}"#, "dash")]
#[case::printf(r#"{{ printf "^%s-(%v)$" target namespace }}"#, "^shop-app-(prod)$")]
#[case::printf_percent(r#"{{ printf "%d%% %q" 99 name }}"#, r#"99% "shop""#)]
#[case::pipe(r#"{{ target | printf "%s.%s" namespace }}"#, "prod.shop-app")]
#[case::pipe_twice(r#"{{ name | printf "a%s" | printf "b%s" }}"#, "bashop")]
#[case::parentheses(r#"{{ printf "%s!" (printf "%s-%s" name route) }}"#, "shop-shop-route!")]
#[case::outer_parentheses(r#"{{ (printf "%s" name) }}"#, "shop")]
#[case::literal(r#"{{ "{{" }}{{ `\d` }}{{ 5 }}"#, r"{{\d5")]
#[case::trim("a {{- name -}} \n b", "ashopb")]
#[case::comment("a{{/* {{ x }} */}}b", "ab")]
#[case::variable(r#"{{- $r := printf "%s_x" name }}r=~"{{ $r }}""#, r#"r=~"shop_x""#)]
#[case::variable_of_pipe(r#"{{ $r := name | printf "<%s>" -}} {{ $r }}"#, "<shop>")]
#[case::no_handlebars_escape(r"\{{ name }}", r"\shop")]
#[case::value_named_as_function(r#"{{ printf "%s" "index" }}"#, "index")]
fn renders(#[case] template: &str, #[case] expected: &str) {
    assert_eq!(render(template, &model()).as_deref(), Ok(expected));
}

/// Each names what is wrong and where; none renders to some other query.
const REFUSED: &[&str] = &[
    "{{ namespce }}",
    "{{ name.first }}",
    "a\n{{ variables.speed }}",
    r#"{{ index variables "speed" }}"#,
    "{{ variables }}",
    "{{ $x }}",
    "{{ if name }}x{{ end }}",
    "{{ range variables }}x{{ end }}",
    "{{ .Name }}",
    "{{ urlquery name }}",
    "{{ name target }}",
    r#"{{ "a" name }}"#,
    "{{ printf }}",
    r#"{{ printf "%s %s" name }}"#,
    r#"{{ printf "%s" name target }}"#,
    r#"{{ printf "%5.2f" 1.5 }}"#,
    r#"{{ printf "a%" }}"#,
    r#"{{ printf "%d" name }}"#,
    "{{ name | target }}",
    "{{ name | }}",
    "{{ }}",
    "{{ (name }}",
    "{{#if name}}x{{/if}}",
    "{{> name}}",
    "{{ @root.name }}",
    "{{ printf a=name }}",
    "{{ name",
    "{{{name}}",
];

#[test]
fn refuses() {
    let outcome = |template: &&str| format!("{template:?}\n  {}\n", render(template, &model()).unwrap_err());
    insta::assert_snapshot!(REFUSED.iter().map(outcome).collect::<String>());
}

proptest! {
    #[test]
    fn never_panics(template in "[ -~\n]{0,60}") {
        let _ = render(&template, &model());
    }

    #[test]
    fn never_panics_inside_an_action(code in r#"[a-z$|:=()."`'%\\ -]{0,30}"#) {
        let _ = render(&format!("{{{{{code}}}}}"), &model());
    }

    #[test]
    fn text_without_actions_is_untouched(text in "[^{]{0,80}") {
        prop_assert_eq!(render(&text, &model()), Ok(text));
    }

    #[test]
    fn values_are_copied_as_they_are(value in ".{0,40}") {
        let model = TemplateModel { target: value.clone(), ..model() };
        prop_assert_eq!(render("a{{ target }}b", &model), Ok(format!("a{value}b")));
    }

    #[test]
    fn strings_survive_the_way_through_the_renderer(text in "[^`\r]{0,40}") {
        prop_assert_eq!(render(&format!("{{{{ `{text}` }}}}"), &model()), Ok(text));
    }
}
