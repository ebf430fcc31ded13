//! Types of the flagger.app/v1beta1 API and the slice of Gateway API that Serin touches.
