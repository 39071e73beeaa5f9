package dev.asyncmysql.benchmarks.report;

import java.io.StringReader;
import java.util.List;

import javax.xml.parsers.DocumentBuilderFactory;

import dev.asyncmysql.benchmarks.load.Measurement;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TextTable}, {@link CsvTable} and {@link SvgChart}.
 */
class ReportTests {

	private static final Result FAST = new Result("select-64", "plain", "this starter", 2,
			List.of(round(1000, 1), round(3000, 1), round(2000, 1)), -1, "");

	private static final Result SLOW = new Result("select-64", "plain", "a <b> & \"c\", d", 1, List.of(round(1000, 2)),
			3 << 20, "");

	private static final Result FAILED = new Result("select-64", "plain", "other", 1, List.of(), -1, "wrong, \"all\"");

	// One second, 20 µs of CPU, 500 bytes, and latencies of 1 ms but for one in a hundred
	// of 9 ms.
	private static Round round(long operations, long commandsPerOperation) {
		Histogram latencies = new Histogram(3);
		latencies.recordValueWithCount(1_000_000, 989);
		latencies.recordValueWithCount(9_000_000, 11);
		return new Round(new Measurement(operations, 1_000_000_000, operations * 20_000, operations * 500, latencies),
				operations * commandsPerOperation);
	}

	@Test
	void textHasOneLineForEachResultInColumns() {
		List<String> lines = TextTable.of(List.of(FAST, SLOW, FAILED)).lines().toList();
		assertThat(lines).hasSize(4);
		assertThat(lines.get(1).split("  +")).containsExactly("select-64", "plain", "this starter", "2,000", "50 %",
				"4,000", "1.00", "9.00", "9.00", "20.0", "500", "1.00");
		assertThat(lines.get(2)).endsWith("2.00      3.00");
		assertThat(lines.get(3)).endsWith("failed");
		assertThat(lines.get(1).indexOf("2,000") + 5).isEqualTo(lines.get(0).indexOf("ops/s") + 5);
	}

	@Test
	void csvQuotesWhatHasToBeQuoted() {
		List<String> lines = CsvTable.of(List.of(FAST, SLOW, FAILED)).lines().toList();
		assertThat(lines.get(1)).isEqualTo("select-64,plain,this starter,2000.000,1000.000,3000.000,3,4000.000,"
				+ "1.000,9.003,9.003,20.000,500.000,1.000,,");
		assertThat(lines.get(2)).startsWith("select-64,plain,\"a <b> & \"\"c\"\", d\",1000.000,")
			.endsWith(",2.000,3145728,");
		assertThat(lines.get(3)).endsWith(",,,,,,,,,,,,,\"wrong, \"\"all\"\"\"");
		assertThat(lines)
			.allSatisfy((line) -> assertThat(line.replaceAll("\"([^\"]|\"\")*\"", "").split(",", -1)).hasSize(16));
	}

	@Test
	void chartIsWellFormedAndHasABarForEachResultThatIsThere() throws Exception {
		Document chart = DocumentBuilderFactory.newInstance()
			.newDocumentBuilder()
			.parse(new InputSource(new StringReader(SvgChart.of("A & B", List.of(FAST, SLOW, FAILED)))));
		assertThat(chart.getElementsByTagName("path").getLength()).isEqualTo(2);
		assertThat(chart.getDocumentElement().getTextContent()).contains("A & B", "a <b> & \"c\", d")
			.doesNotContain("other");
	}

	@Test
	void numbersHaveAsManyDigitsAsTheyDeserve() {
		assertThat(List.of(TextTable.number(1234567), TextTable.number(12.34), TextTable.number(1.234)))
			.containsExactly("1,234,567", "12.3", "1.23");
	}

}
