package dev.asyncmysql.observability;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SqlSummary}.
 */
class SqlSummaryTests {

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
			SELECT balance FROM account WHERE id = 5 | SELECT | SELECT account
			select * from `shop`.`account` a join entry e on a.id = e.account_id | SELECT | SELECT shop.account entry
			(SELECT 1) UNION (SELECT id FROM t) | SELECT | SELECT SELECT t
			SELECT 1 | SELECT | SELECT
			SELECT EXTRACT(YEAR FROM booked), TRIM(LEADING 'x' FROM name) FROM entry | SELECT | SELECT entry
			SELECT id FROM account FOR UPDATE | SELECT | SELECT account
			SELECT id INTO @a FROM account | SELECT | SELECT account
			SELECT id INTO OUTFILE '/tmp/x' FROM account | SELECT | SELECT account
			SELECT * FROM (SELECT id FROM inner_table) x | SELECT | SELECT SELECT inner_table
			SELECT REPLACE(name, 'a', 'b') FROM t | SELECT | SELECT t
			INSERT INTO entry(account_id, amount) VALUES (1, 2) | INSERT | INSERT entry
			INSERT IGNORE entry VALUES (1) ON DUPLICATE KEY UPDATE amount = 2 | INSERT | INSERT entry
			INSERT INTO audit SELECT * FROM entry | INSERT | INSERT audit SELECT entry
			REPLACE INTO entry VALUES (1) | REPLACE | REPLACE entry
			UPDATE LOW_PRIORITY account SET balance = balance - 1 | UPDATE | UPDATE account
			DELETE QUICK FROM entry WHERE id = 1 | DELETE | DELETE entry
			WITH old AS (SELECT id FROM entry) DELETE FROM account | WITH | WITH SELECT entry DELETE account
			CALL transfer(1, 2) | CALL | CALL transfer
			TRUNCATE TABLE entry | TRUNCATE | TRUNCATE entry
			DROP TABLE IF EXISTS entry | DROP | DROP entry
			COMMIT | COMMIT | COMMIT
			/* a comment */ SELECT 'it''s FROM nowhere' FROM real_table | SELECT | SELECT real_table
			FROBNICATE everything | OTHER | OTHER
			""")
	void tellsOperationsAndTables(String sql, String operation, String summary) {
		assertThat(SqlSummary.of(sql)).isEqualTo(new SqlSummary(operation, summary));
	}

	@Test
	void staysShort() {
		String summary = SqlSummary.of("SELECT 1 FROM " + "a_table JOIN ".repeat(100) + "b").summary();
		assertThat(summary).hasSize(255).startsWith("SELECT a_table a_table ");
	}

	@Test
	void whatIsNoStatementIsNoFailure() {
		assertThat(SqlSummary.of("").summary()).isEqualTo("OTHER");
		assertThat(SqlSummary.of(")))(((``.`").operation()).isEqualTo("OTHER");
	}

}
