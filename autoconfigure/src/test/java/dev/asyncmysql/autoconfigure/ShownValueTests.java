package dev.asyncmysql.autoconfigure;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ShownValue}.
 */
class ShownValueTests {

	@ParameterizedTest
	@CsvSource({ "async-mysql.password, secret, ***", "async-mysql.ssl.key-password, secret, ***",
			"async-mysql.ssl.key, -----BEGIN PRIVATE KEY----- MIIE, ***",
			"ASYNCMYSQL_SSL_KEY, -----BEGIN ENCRYPTED PRIVATE KEY----- MIIE, ***",
			"async-mysql.ssl.key, classpath:key.pem, classpath:key.pem",
			"async-mysql.ssl.ca, -----BEGIN CERTIFICATE-----, -----BEGIN CERTIFICATE-----",
			"async-mysql.url, r2dbc:mysql://u:secret@h/d, r2dbc:mysql://u:***@h/d" })
	void secretsAreMasked(String key, String value, String shown) {
		assertThat(ShownValue.of(key, value, "***")).isEqualTo(shown);
	}

}
