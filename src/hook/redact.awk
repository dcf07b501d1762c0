# A secret inside a text, for instance in a commit message or an answer of the server, does not leave the job: the API key (hook_api_key), any other key of
# Alert24, the token of the job.
function redact(text,   i) {
	if (!secret_count) learn_secrets()
	text = redact_alert24_keys(text)
	for (i = 1; i <= secret_count; i++) text = redact_before_cuts(replace_all(text, secrets[i], "[redacted]"), secrets[i])
	return text
}

# The last one is no secret: it says that they are known.
function learn_secrets() {
	learn_forms(ENVIRON["CI_JOB_TOKEN"])
	learn_forms(ENVIRON["hook_api_key"])
	if (!secret_count) secrets[++secret_count] = "ak_live_[redacted]"
}

# A secret as it is, and as it looks inside JSON, a URL or base64. Shorter ones are none, and hiding them would garble every text.
function learn_forms(secret) {
	if (length(secret) < 8) return
	secrets[++secret_count] = secret
	secrets[++secret_count] = escape(secret, 1)
	secrets[++secret_count] = percent_encode(secret, "[-0-9A-Za-z_.!~*\047()]")
	secrets[++secret_count] = base64(secret)
}

function redact_alert24_keys(text,   at, out, rest) {
	while ((at = index(text, "ak_live_")) > 0) {
		rest = substr(text, at + 8, 32)
		out = out substr(text, 1, at - 1)
		if (length(rest) == 32 && rest !~ /[^0-9A-Za-z]/) {
			out = out "[redacted]"
			text = substr(text, at + 40)
		} else {
			out = out "ak_live_"
			text = substr(text, at + 8)
		}
	}
	return out text
}

# A text that was cut at its limit may end in the beginning of a secret; less than five characters of it tell nothing.
function redact_before_cuts(text, secret,   at, out) {
	if (!index(text, substr(secret, 1, 5))) return text
	while ((at = index(text, ellipsis)) > 0) {
		out = out redact_end(substr(text, 1, at - 1), secret) ellipsis
		text = substr(text, at + length(ellipsis))
	}
	return out text
}

function redact_end(text, secret,   start, end, at) {
	start = length(text) - length(secret) + 2
	end = substr(text, start < 1 ? 1 : start)
	while ((at = index(end, substr(secret, 1, 5))) > 0) {
		end = substr(end, at)
		if (index(secret, end) == 1) return substr(text, 1, length(text) - length(end)) "[redacted]"
		end = substr(end, 2)
	}
	return text
}

function base64(text,   digits, i, code, out) {
	digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for (i = 1; i <= length(text); i += 3) {
		code = (byte_code[substr(text, i, 1)] * 256 + byte_code[substr(text, i + 1, 1)]) * 256 + byte_code[substr(text, i + 2, 1)]
		out = out substr(digits, int(code / 262144) + 1, 1) substr(digits, int(code / 4096) % 64 + 1, 1)
		out = out (i + 1 > length(text) ? "=" : substr(digits, int(code / 64) % 64 + 1, 1)) (i + 2 > length(text) ? "=" : substr(digits, code % 64 + 1, 1))
	}
	return out
}
