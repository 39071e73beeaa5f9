package dev.asyncmysql;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.config.YamlPropertiesFactoryBean;
import org.springframework.core.io.ByteArrayResource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Holds the documents to what there is: links lead somewhere, each property that they
 * name exists, and excerpts are what their source says.
 */
class DocumentationTests {

	private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

	private static final Pattern FENCE = Pattern.compile("(?ms)^```(\\w*)$\\n(.*?)^```$");

	private static final Pattern EXCERPT = Pattern.compile("(?ms)^<!-- From (\\S+) -->\\n```\\w*\\n(.*?)^```$");

	private static final Pattern LINK = Pattern.compile("\\]\\(([^()\\s]+)\\)");

	private static final Pattern LIST = Pattern.compile("(?ms)^#+ Documentation$.*?(?=^#|\\z)");

	private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.+)$");

	private static final Pattern PROPERTY = Pattern.compile("async-mysql(?:\\.[a-z0-9]+(?:-[a-z0-9]+)*)+");

	private static final Pattern SHORT_PROPERTY = Pattern
		.compile("`((?:pool|ssl|health|embedded)\\.[a-z0-9]+(?:-[a-z0-9]+)*)`");

	private static final Pattern VARIABLE = Pattern.compile("ASYNCMYSQL_[A-Z0-9_]+");

	private final Set<String> properties = MetadataTests.metadata().keySet();

	static List<Path> documents() throws IOException {
		try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
			return Stream
				.concat(Stream
					.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "sample-app/README.md", "benchmarks/README.md")
					.map(ROOT::resolve), docs.filter((file) -> file.toString().endsWith(".md")).sorted())
				.toList();
		}
	}

	@ParameterizedTest
	@MethodSource("documents")
	void linksLeadToAFileAndAHeading(Path document) throws IOException {
		for (String link : matches(LINK, prose(document))) {
			if (link.matches("[a-z]+:.*")) {
				continue;
			}
			String[] parts = link.split("#", 2);
			Path target = parts[0].isEmpty() ? document : document.resolveSibling(parts[0]).normalize();
			assertThat(target).as(link).exists();
			assertThat(target.startsWith(ROOT)).as(link).isTrue();
			if (parts.length > 1) {
				assertThat(anchors(target)).as(link).contains(parts[1]);
			}
		}
	}

	@ParameterizedTest
	@MethodSource("documents")
	void propertiesExist(Path document) throws IOException {
		String text = Files.readString(document);
		assertThat(matches(PROPERTY, text)).allMatch(this::isKnown);
		assertThat(matches(SHORT_PROPERTY, text)).allMatch((name) -> isKnown("async-mysql." + name));
		Set<String> variables = this.properties.stream()
			.map((name) -> name.replace("-", "").replace('.', '_').toUpperCase(Locale.ROOT))
			.collect(Collectors.toSet());
		assertThat(variables).containsAll(matches(VARIABLE, text));
	}

	@ParameterizedTest
	@MethodSource("documents")
	void propertiesInYamlExist(Path document) throws IOException {
		FENCE.matcher(Files.readString(document))
			.results()
			.filter((block) -> block.group(1).equals("yaml"))
			.forEach((block) -> assertThat(keys(block.group(2))).filteredOn((key) -> key.startsWith("async-mysql"))
				.allMatch(this.properties::contains));
	}

	@ParameterizedTest
	@MethodSource("documents")
	void excerptsAreWhatTheirSourceSays(Path document) throws IOException {
		for (MatchResult excerpt : EXCERPT.matcher(Files.readString(document)).results().toList()) {
			List<String> source = Files.readAllLines(ROOT.resolve(excerpt.group(1)));
			assertThat(excerpt.group(2).lines().filter((line) -> !line.isBlank())).as(excerpt.group(1))
				.isNotEmpty()
				.isSubsetOf(source);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "README.md", "docs/README.md" })
	void indexTellsEachDocument(String index) throws IOException {
		Path folder = ROOT.resolve(index).getParent();
		Matcher list = LIST.matcher(Files.readString(ROOT.resolve(index)));
		assertThat(list.find()).isTrue();
		assertThat(matches(LINK, list.group())).containsAll(documents().stream()
			.filter((file) -> file.startsWith(ROOT.resolve("docs")) && !file.endsWith("README.md"))
			.map((file) -> folder.relativize(file).toString())
			.toList());
	}

	private boolean isKnown(String name) {
		return this.properties.contains(name) || name.startsWith("async-mysql.options.")
				|| this.properties.stream().anyMatch((property) -> property.startsWith(name + "."));
	}

	private static Set<String> keys(String yaml) {
		YamlPropertiesFactoryBean factory = new YamlPropertiesFactoryBean();
		factory.setResources(new ByteArrayResource(yaml.getBytes(StandardCharsets.UTF_8)));
		Properties properties = factory.getObject();
		return (properties != null) ? properties.stringPropertyNames()
			.stream()
			.map((key) -> key.replaceFirst("\\[.*", ""))
			.collect(Collectors.toSet()) : Set.of();
	}

	private static String prose(Path document) throws IOException {
		return FENCE.matcher(Files.readString(document)).replaceAll("");
	}

	private static List<String> matches(Pattern pattern, String text) {
		return pattern.matcher(text).results().map((match) -> match.group(match.groupCount())).toList();
	}

	// As GitHub makes them.
	private static Set<String> anchors(Path document) throws IOException {
		Map<String, Integer> seen = new HashMap<>();
		return HEADING.matcher(prose(document))
			.results()
			.map((MatchResult heading) -> heading.group(1)
				.toLowerCase(Locale.ROOT)
				.replaceAll("[^\\p{L}\\p{N} _-]", "")
				.replace(' ', '-'))
			.map((anchor) -> {
				int count = seen.merge(anchor, 1, Integer::sum);
				return (count > 1) ? anchor + "-" + (count - 1) : anchor;
			})
			.collect(Collectors.toSet());
	}

}
