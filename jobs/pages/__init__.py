"""The pages that members open by a link of their own: no sign-in, no cookies, no scripts needed."""
