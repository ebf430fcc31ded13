//! Bad input, for each provider: each fault is a typed error that names provider and remedy, or `no values`; and no
//! error, log line or `Debug` text holds a value of a Secret.

mod faults;
mod messages;

use serin_testkit::logs::Logs;

/// What is logged from here on, save for the libraries that the operator silences as they log credentials.
fn logs() -> Logs {
    Logs::keep_without(&["aws_config", "aws_runtime", "aws_sdk_sts", "aws_sigv4", "aws_smithy_runtime"])
}

/// The tests of one provider.
macro_rules! bad_input {
    ($module:ident, $stub:expr) => {
        mod $module {
            bad_input!(@each $stub;
                a_wrong_address_is_refused, a_missing_key_is_named, a_secret_that_cannot_be_sent_is_refused,
                debug_texts_hold_no_secret, a_closed_port_is_unreachable, a_refusal_is_typed,
                a_refused_probe_says_why, silence_is_a_timeout, a_malformed_answer_is_typed,
                an_empty_answer_is_no_value, not_a_number_is_no_value, infinity_is_a_value_or_malformed, minus_infinity_is_a_value_or_malformed,
                a_huge_answer_is_cut_off, redirects_end, another_server_gets_no_credentials, a_bad_certificate_is_refused, an_unknown_host_is_unreachable,
            );
        }
    };
    ($module:ident, $stub:expr, only $($fault:ident),+ $(,)?) => {
        mod $module {
            bad_input!(@each $stub; $($fault),+);
        }
    };
    (@each $stub:expr; $($fault:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $fault() {
                let logs = super::logs();
                super::faults::$fault(&$stub).await;
                super::faults::assert_silent(&logs);
            }
        )+
    };
}

bad_input!(prometheus, crate::prometheus::stub());
bad_input!(datadog, crate::datadog::stub());
bad_input!(newrelic, crate::newrelic::stub());
bad_input!(graphite, crate::graphite::stub());
bad_input!(influxdb, crate::influxdb::stub());
bad_input!(influxdb_v1, crate::influxdb::stub_v1());
bad_input!(dynatrace, crate::dynatrace::stub());
bad_input!(externalmetrics, crate::externalmetrics::stub());
bad_input!(externalmetrics_of_the_cluster, crate::externalmetrics::of_cluster(), only
    debug_texts_hold_no_secret, a_closed_port_is_unreachable, a_refusal_is_typed, a_refused_probe_says_why,
    silence_is_a_timeout, a_malformed_answer_is_typed, an_empty_answer_is_no_value, not_a_number_is_no_value,
    infinity_is_a_value_or_malformed, minus_infinity_is_a_value_or_malformed, a_huge_answer_is_cut_off, redirects_end, another_server_gets_no_credentials, an_unknown_host_is_unreachable,
);
bad_input!(keptn, crate::keptn::stub(), only
    debug_texts_hold_no_secret, a_closed_port_is_unreachable, a_refusal_is_typed, a_refused_probe_says_why,
    silence_is_a_timeout, a_malformed_answer_is_typed, an_empty_answer_is_no_value, not_a_number_is_no_value,
    infinity_is_a_value_or_malformed, minus_infinity_is_a_value_or_malformed, a_huge_answer_is_cut_off, redirects_end, another_server_gets_no_credentials, an_unknown_host_is_unreachable,
);
bad_input!(cloudwatch, crate::cloudwatch::stub());
bad_input!(stackdriver, crate::stackdriver::stub(), only
    a_missing_key_is_named, a_secret_that_cannot_be_sent_is_refused, debug_texts_hold_no_secret,
    a_closed_port_is_unreachable, a_refusal_is_typed, a_refused_probe_says_why, a_malformed_answer_is_typed,
    an_empty_answer_is_no_value, not_a_number_is_no_value, infinity_is_a_value_or_malformed, minus_infinity_is_a_value_or_malformed, a_huge_answer_is_cut_off,
    redirects_end, another_server_gets_no_credentials, a_bad_certificate_is_refused, an_unknown_host_is_unreachable,
);
bad_input!(splunk, crate::splunk::stub(), only
    a_wrong_address_is_refused, a_missing_key_is_named, a_secret_that_cannot_be_sent_is_refused,
    debug_texts_hold_no_secret, a_closed_port_is_unreachable, a_refusal_is_typed, a_refused_probe_says_why,
    redirects_end, another_server_gets_no_credentials, a_bad_certificate_is_refused, an_unknown_host_is_unreachable,
);
