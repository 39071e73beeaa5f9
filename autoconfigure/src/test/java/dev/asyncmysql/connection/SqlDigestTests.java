package dev.asyncmysql.connection;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SqlDigest}.
 */
class SqlDigestTests {

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
			SELECT 1                                          | SELECT ?
			SELECT * FROM t WHERE a = 'x''y' AND b = "z"      | SELECT * FROM t WHERE a = ? AND b = ?
			SELECT 'a\\'b', c                                 | SELECT ? …
			SELECT `a'b` FROM `t1`                            | SELECT `a'b` FROM `t1`
			SELECT t1.c2 FROM db2.t1                          | SELECT t1.c2 FROM db2.t1
			SELECT 1.5e-10, .5, 0x1F, x'1F', b'01', N'text'   | SELECT ?, …
			SELECT _utf8mb4'text'                             | SELECT _utf8mb4?
			SELECT 1 -- a comment 'it is                      | SELECT ?
			SELECT /* 4711 */ 1 # 4712                        | SELECT ?
			SELECT a--1                                       | SELECT a--?
			SELECT a FROM t WHERE id IN (1, 2,3 , 4)          | SELECT a FROM t WHERE id IN (?, …)
			INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c') | INSERT INTO t VALUES (?, …), …
			INSERT INTO t VALUES (?, ?), (?, ?)               | INSERT INTO t VALUES (?, …), …
			SELECT a FROM t WHERE b = :name AND c = ?         | SELECT a FROM t WHERE b = :name AND c = ?
			SELECT 'an open literal                           | SELECT ?
			SET @a = 'secret'                                 | SET @a = ?
			SELECT @@wait_timeout                             | SELECT @@wait_timeout
			""")
	void valuesAreHidden(String sql, String digest) {
		assertThat(SqlDigest.of(sql)).isEqualTo(digest);
	}

	@Test
	void linesBecomeOne() {
		assertThat(SqlDigest.of("  SELECT a,\n\t b\r\n FROM t ")).isEqualTo("SELECT a, b FROM t");
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "\n", "\r\n", "\t", "\u0000", "\u001B[2J", "\u007F", "\u0085", "\u009B", "\u2028", "\u2029" })
	void nothingBeginsAnotherLine(String control) {
		String sql = "SELECT" + control + "`a" + control + "2026 ERROR forged` FROM t" + control + "WHERE b = '"
				+ control + "'";
		for (String text : new String[] { SqlDigest.of(sql), SqlDigest.oneLine(sql) }) {
			assertThat(text).doesNotContainPattern("[\\p{Cc}\\p{Zl}\\p{Zp}]").contains("2026 ERROR forged` FROM t");
		}
	}

	@Test
	void whatIsLongIsCut() {
		assertThat(SqlDigest.of("SELECT " + "column_of_a_table, ".repeat(100))).hasSize(1001).endsWith("…");
		assertThat(SqlDigest.of("INSERT INTO t VALUES " + "('abc', 1234), ".repeat(100_000)))
			.startsWith("INSERT INTO t VALUES (?, …), …")
			.hasSizeLessThan(100);
		assertThat(SqlDigest.of("SELECT '" + "secret".repeat(10_000) + "'")).isEqualTo("SELECT ?…");
	}

	@ParameterizedTest
	@ValueSource(strings = { "SELECT 1; DELETE FROM t", "SELECT 1;;SELECT 2", "SELECT ';'; DROP TABLE t",
			"SELECT 1 ; /* */ DO 1", "DO 1;`a`", "SELECT 1 /*!; DELETE FROM t; */", "SELECT 1 /*M! ; DELETE FROM t */",
			"SELECT /*!80000 1 */", "SELECT 1 /*! + '*/' */; DELETE FROM t -- '", "SELECT 1 /*!; DELETE FROM t" })
	void severalStatementsAreSeen(String sql) {
		assertThat(SqlDigest.isSeveral(sql)).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "SELECT 1", "SELECT 1;", "SELECT ';'", "SELECT 1; -- the end", "SELECT 1 ; ;\n",
			"SELECT /* ; */ 1", "SELECT `;` FROM t", "SELECT /*+ NO_INDEX_MERGE(t) */ a FROM t" })
	void oneStatementIsOne(String sql) {
		assertThat(SqlDigest.isSeveral(sql)).isFalse();
	}

	/**
	 * Where a server executes the comment, it ends behind the second literal.
	 */
	@Test
	void behindAnExecutedCommentWhoseEndIsNotKnownNothingIsTold() {
		assertThat(SqlDigest.of("SELECT /*! '*/', */ 'secret'")).isEqualTo("SELECT  …");
		assertThat(SqlDigest.of("SELECT /*!40001 SQL_NO_CACHE */ a FROM t")).isEqualTo("SELECT a FROM t");
	}

	@ParameterizedTest
	@CsvSource({ "select 1, SELECT", "(SELECT 1) UNION SELECT 2, SELECT", "BEGIN, BEGIN", "'', ''" })
	void theFirstWordIsTheOperation(String sql, String operation) {
		assertThat(SqlDigest.operation(SqlDigest.of(sql))).isEqualTo(operation);
	}

	/**
	 * With NO_BACKSLASH_ESCAPES the first of these literals ends at its second quotation
	 * mark.
	 */
	@Test
	void behindALiteralWhoseEndIsNotKnownNothingIsTold() {
		String sql = "INSERT INTO t VALUES ('C:\\', 'secret')";
		assertThat(SqlDigest.of(sql)).isEqualTo("INSERT INTO t VALUES (? …");
		assertThat(SqlDigest.isSeveral(sql)).isTrue();
		assertThat(SqlDigest.of("SELECT 'C:\\dir', 'b'")).isEqualTo("SELECT ?, …");
	}

}
