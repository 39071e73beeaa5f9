package dev.asyncmysql.autoconfigure;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * What may be shown of a property's value. A password is masked under all of its
 * property's forms, and a URL keeps all but its passwords, wherever it stands: a property
 * often refers to another one or to an environment variable that holds it.
 */
final class ShownValue {

	private static final Pattern OURS = Pattern.compile("(asyncmysql|springr2dbc).*");

	private static final Pattern URL = Pattern.compile("r2dbcs?:(pool:)?(mysql|mariadb):\\S*",
			Pattern.CASE_INSENSITIVE);

	private static final Pattern QUERY_PASSWORD = Pattern.compile("([?&;][^=&;]*password=)[^&]*",
			Pattern.CASE_INSENSITIVE);

	private ShownValue() {
	}

	/**
	 * Mask what is secret in a value.
	 * @param key name of the property, in any of its forms
	 * @param value the value
	 * @param mask what to show in place of a secret
	 * @return the same value where it holds no secret
	 */
	static @Nullable Object of(String key, @Nullable Object value, String mask) {
		if (value == null) {
			return null;
		}
		String name = key.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
		boolean ours = OURS.matcher(name).matches();
		if (ours && name.endsWith("password")) {
			return mask;
		}
		if (!(value instanceof CharSequence text)) {
			return value;
		}
		// ssl.key takes the content of a PEM file as well as its place.
		if (ours && text.toString().contains("PRIVATE KEY")) {
			return mask;
		}
		String shown = (ours && name.endsWith("url")) ? url(text.toString(), mask)
				: URL.matcher(text).replaceAll((url) -> Matcher.quoteReplacement(url(url.group(), mask)));
		return shown.contentEquals(text) ? value : shown;
	}

	private static String url(String url, String mask) {
		String shown = QUERY_PASSWORD.matcher(url)
			.replaceAll((query) -> Matcher.quoteReplacement(query.group(1) + mask));
		int user = shown.indexOf("//") + 2;
		int colon = shown.indexOf(':', user);
		// Everything before the last @ may belong to a password that was not encoded.
		int at = shown.lastIndexOf('@');
		return (user >= 2 && colon >= 0 && colon < at) ? shown.substring(0, colon + 1) + mask + shown.substring(at)
				: shown;
	}

}
