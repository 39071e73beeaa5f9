package dev.asyncmysql.embedded;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.asyncmysql.EmbeddedDatabaseException;
import org.jspecify.annotations.Nullable;

/**
 * Says what to do about what a process wrote before it failed.
 */
final class FailureAdvice {

	private static final Pattern PORT_IN_USE = Pattern
		.compile("Bind on TCP/IP port.*(98|48|10048)|Do you already have another server running on port");

	private static final Map<Pattern, Function<Matcher, String>> RULES = new LinkedHashMap<>();

	static {
		rule("error while loading shared libraries: (\\S+):", (match) -> installPackageOf(match.group(1)));
		rule("Library not loaded: (\\S+)", (match) -> installPackageOf(match.group(1)));
		rule("version [`'](GLIBC\\w*_[0-9.]+)' not found",
				(match) -> "This system's C or C++ library lacks %s: use a newer Linux distribution."
					.formatted(match.group(1)));
		rule("(?:mariadbd|resolveip|my_print_defaults): not found|error=2,",
				(match) -> "The binaries need glibc, which this system seems to lack (Alpine Linux uses musl): use a "
						+ "distribution with glibc, or set async-mysql.embedded.enabled=false.");
		rule("error=8,|Exec format error|Bad CPU type", (match) -> "The binaries are for another processor: set "
				+ "async-mysql.embedded.enabled=false and use a server of your own.");
		rule(PORT_IN_USE.pattern(), (match) -> "Set another async-mysql.embedded.port, or 0 for a free one.");
		rule("No space left on device|errno: 28|error: 28",
				(match) -> "The disk is full: make space, or name a folder on another disk with "
						+ "async-mysql.embedded.data-dir.");
		rule("Unable to lock .*ibdata1|Can't lock aria control file",
				(match) -> "Another server uses the same data: stop it, or name another folder with "
						+ "async-mysql.embedded.data-dir.");
		rule("Permission denied|error=13,|[Ee]rrcode: 13",
				(match) -> "Name folders that this user can write, and execute programs from, with "
						+ "async-mysql.embedded.data-dir and async-mysql.embedded.base-dir.");
		rule("Unsupported redo log format|Upgrade after a crash|[Uu]nsupported.*tablespace|was created with MariaDB",
				(match) -> "The data is of another version of the server: name another folder with "
						+ "async-mysql.embedded.data-dir, or delete this one.");
		rule("corrupt", (match) -> "The data seems to be damaged: name another folder with "
				+ "async-mysql.embedded.data-dir, or delete this one.");
	}

	private static final Map<String, String> PACKAGES = packages();

	private FailureAdvice() {
	}

	private static void rule(String pattern, Function<Matcher, String> advice) {
		RULES.put(Pattern.compile(pattern), advice);
	}

	private static Map<String, String> packages() {
		Map<String, String> packages = new LinkedHashMap<>();
		packages.put("libaio.so.1",
				"'libaio1' (Debian, Ubuntu; 'libaio1t64' in recent ones) or 'libaio' (Fedora, RHEL)");
		packages.put("libcrypt.so.1", "'libcrypt1' (Debian, Ubuntu) or 'libxcrypt-compat' (Fedora, RHEL)");
		packages.put("libcrypto.so", "'libssl3' (Debian, Ubuntu) or 'openssl-libs' (Fedora, RHEL)");
		packages.put("libgcc_s.so.1", "'libgcc-s1' (Debian, Ubuntu) or 'libgcc' (Fedora, RHEL)");
		packages.put("libncurses.so.5", "'libncurses5' (Debian, Ubuntu) or 'ncurses-compat-libs' (Fedora, RHEL)");
		packages.put("libncurses.so.6", "'libncurses6' (Debian, Ubuntu) or 'ncurses-libs' (Fedora, RHEL)");
		packages.put("libnuma.so.1", "'libnuma1' (Debian, Ubuntu) or 'numactl-libs' (Fedora, RHEL)");
		packages.put("libssl.so", "'libssl3' (Debian, Ubuntu) or 'openssl-libs' (Fedora, RHEL)");
		packages.put("libstdc++.so.6", "'libstdc++6' (Debian, Ubuntu) or 'libstdc++' (Fedora, RHEL)");
		packages.put("libsystemd.so.0", "'libsystemd0' (Debian, Ubuntu) or 'systemd-libs' (Fedora, RHEL)");
		packages.put("libtinfo.so.5", "'libtinfo5' (Debian, Ubuntu) or 'ncurses-compat-libs' (Fedora, RHEL)");
		packages.put("liburing.so.2", "'liburing2' (Debian, Ubuntu) or 'liburing' (Fedora, RHEL)");
		packages.put("libssl.3.dylib", "'openssl@3' (Homebrew)");
		packages.put("libcrypto.3.dylib", "'openssl@3' (Homebrew)");
		return packages;
	}

	/**
	 * Return what to do.
	 * @param output what the process wrote, or the message of an exception
	 * @return a sentence, or {@code null} if nothing in the output is known
	 */
	static @Nullable String of(List<String> output) {
		String text = String.join("\n", output);
		for (Map.Entry<Pattern, Function<Matcher, String>> rule : RULES.entrySet()) {
			Matcher matcher = rule.getKey().matcher(text);
			if (matcher.find()) {
				return rule.getValue().apply(matcher);
			}
		}
		return null;
	}

	/**
	 * Make an exception that says what to do.
	 * @param description what happened, as a sentence
	 * @param output what the process wrote last
	 * @param cause what caused it, whose message is searched as well, or {@code null}
	 * @return the exception
	 */
	static EmbeddedDatabaseException failure(String description, List<String> output, @Nullable Throwable cause) {
		return failure(description,
				"The whole output is logged by %s at level DEBUG.".formatted(LoggedProcess.class.getName()), output,
				cause);
	}

	static EmbeddedDatabaseException failure(String description, String fallback, List<String> output,
			@Nullable Throwable cause) {
		List<String> searched = new ArrayList<>(output);
		if (cause != null) {
			searched.add(String.valueOf(cause.getMessage()));
		}
		String advice = of(searched);
		return new EmbeddedDatabaseException(description, (advice != null) ? advice : fallback, output, cause);
	}

	static boolean isPortInUse(List<String> output) {
		return output.stream().anyMatch((line) -> PORT_IN_USE.matcher(line).find());
	}

	private static String installPackageOf(String library) {
		String name = library.substring(library.lastIndexOf('/') + 1);
		return PACKAGES.entrySet()
			.stream()
			.filter((entry) -> name.startsWith(entry.getKey()))
			.findFirst()
			.map((entry) -> "The shared library %s is missing: install the package %s.".formatted(name,
					entry.getValue()))
			.orElse("The shared library %s is missing: install the package of this system that has it."
				.formatted(name));
	}

}
