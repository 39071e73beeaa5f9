package dev.asyncmysql;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.PrivateKey;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.mysql.MySQLContainer;

import org.springframework.boot.ssl.pem.PemContent;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Nothing tells a secret: neither logs at their most talkative, nor messages and stack
 * traces of failures, {@code toString}, endpoints or JMX.
 */
@RequiresMySql
class SecretsIT {

	// Letters and digits, which no encoding of a URL changes, with what has to be encoded
	// around them.
	private static final String PASSWORD = "pw0mark7";

	private static final String TOKEN = "t0kenmark7";

	private static final String KEY_PASSWORD = "k3ymark7";

	private final MySQLContainer mysql = MySqlServer.container();

	@Test
	void noneIsTold(@TempDir Path folder) throws Exception {
		createUser("marked", "/" + PASSWORD + " @&+:");
		createUser("tokened", TOKEN);
		copy("ca.pem", folder.resolve("ca.pem"));
		copy("client-cert.pem", folder.resolve("cert.pem"));
		Files.writeString(folder.resolve("key.pem"), encrypted(read("client-key.pem")));
		String output = run(folder);
		for (String name : List.of("properties", "url", "spring.r2dbc", "spring.r2dbc.url", "token", "away")) {
			assertThatItTells(output, "=== " + name + " succeeded");
		}
		for (String name : List.of("wrong password", "wrong password in url", "wrong token", "wrong key password",
				"not encoded", "jdbc", "misspelt option", "contradiction", "scripts", "waited in vain")) {
			assertThatItTells(output, "=== " + name + " failed");
		}
		for (String sign : List.of("Request: HandshakeResponse41", "Initializing client session", "(error 1045)",
				"name=Env environment: {", "name=Configprops configurationProperties: {", "name=Health health: {",
				"name=Asyncmysql connections: {connectionFactory={", "async-mysql.password",
				"url={value=r2dbc:mysql://marked:******@", "ConnectionPool")) {
			assertThatItTells(output, sign);
		}
		for (String secret : List.of(PASSWORD, TOKEN, KEY_PASSWORD)) {
			byte[] bytes = secret.getBytes(StandardCharsets.US_ASCII);
			assertThat(linesWith(output, secret)).isEmpty();
			assertThat(linesWith(output, Base64.getEncoder().withoutPadding().encodeToString(bytes))).isEmpty();
			assertThat(linesWith(output, HexFormat.of().formatHex(bytes))).isEmpty();
			assertThat(linesWith(output, HexFormat.ofDelimiter(" ").formatHex(bytes))).isEmpty();
		}
	}

	// The output is too long to be shown by a failure.
	private static void assertThatItTells(String output, String text) {
		assertThat(output.contains(text)).as(text).isTrue();
	}

	private static List<String> linesWith(String output, String text) {
		return output.lines()
			.filter((line) -> line.contains(text))
			.map((line) -> line.substring(Math.max(0, line.indexOf(text) - 200), line.indexOf(text) + text.length()))
			.toList();
	}

	private String run(Path folder) throws Exception {
		ProcessBuilder builder = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(),
				"-Dspring.devtools.restart.enabled=false", "-cp", System.getProperty("java.class.path"),
				SecretsApplication.class.getName())
			.redirectErrorStream(true)
			.redirectOutput(folder.resolve("output").toFile());
		Properties given = new Properties();
		given.putAll(Map.of("SECRETS_HOST", this.mysql.getHost(), "SECRETS_PORT",
				this.mysql.getFirstMappedPort().toString(), "SECRETS_DATABASE", this.mysql.getDatabaseName(),
				"SECRETS_PASSWORD", "/" + PASSWORD + " @&+:", "SECRETS_TOKEN", TOKEN, "SECRETS_KEY_PASSWORD",
				KEY_PASSWORD, "SECRETS_FOLDER", folder.toString()));
		Process process = builder.start();
		try (OutputStream input = process.getOutputStream()) {
			given.store(input, null);
		}
		try {
			assertThat(process.waitFor(Duration.ofMinutes(3).toSeconds(), TimeUnit.SECONDS)).isTrue();
		}
		finally {
			process.destroyForcibly();
		}
		return Files.readString(folder.resolve("output"));
	}

	private void createUser(String name, String password) throws Exception {
		try (Connection connection = DriverManager.getConnection(this.mysql.getJdbcUrl(), "root",
				this.mysql.getPassword()); Statement statement = connection.createStatement()) {
			statement.execute("CREATE USER IF NOT EXISTS " + name + "@'%' IDENTIFIED BY '" + password + "'");
			statement.execute("GRANT ALL ON *.* TO " + name + "@'%'");
		}
	}

	private void copy(String name, Path file) throws Exception {
		Files.writeString(file, read(name));
	}

	private String read(String name) throws Exception {
		return this.mysql.execInContainer("cat", "/var/lib/mysql/" + name).getStdout();
	}

	private static String encrypted(String pem) throws Exception {
		PrivateKey key = Objects.requireNonNull(PemContent.of(pem)).getPrivateKey();
		String algorithm = "PBEWithHmacSHA256AndAES_256";
		Cipher cipher = Cipher.getInstance(algorithm);
		cipher.init(Cipher.ENCRYPT_MODE,
				SecretKeyFactory.getInstance(algorithm).generateSecret(new PBEKeySpec(KEY_PASSWORD.toCharArray())));
		byte[] content = cipher.doFinal(Objects.requireNonNull(key).getEncoded());
		AlgorithmParameters parameters = AlgorithmParameters.getInstance("PBES2");
		parameters.init(cipher.getParameters().getEncoded());
		byte[] info = new EncryptedPrivateKeyInfo(parameters, content).getEncoded();
		return "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + Base64.getMimeEncoder().encodeToString(info)
				+ "\n-----END ENCRYPTED PRIVATE KEY-----\n";
	}

}
