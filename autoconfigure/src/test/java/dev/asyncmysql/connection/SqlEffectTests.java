package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.Arrays;
import java.util.Random;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SqlEffect}.
 */
class SqlEffectTests {

	private static final String[] FRAGMENTS = { "SELECT", "SET", "BEGIN", "END", "CASE", "CREATE PROCEDURE p()",
			"CREATE", "TEMPORARY", "FOR", "STATEMENT", "GLOBAL", "NOT ATOMIC", "DECLARE", "IF", "THEN", "LOOP",
			"GET_LOCK", "INTO", "@", "@@", ":=", "(", ")", ",", ";", "'", "\"", "`", "\\", "/*", "*/", "/*!",
			"/*!50000", "/*M!", "--", "#", "\n", " ", "$$", "$", "-", "*", "/", ".", "1", "x", "\u00e4", "\u0000" };

	@ParameterizedTest
	@ValueSource(strings = { "", " ", ";", ";;", "-- nothing", "/* nothing */", "# nothing",
			// Queries and writes
			"SELECT 1", "select 1;", "SELECT * FROM t WHERE a = ? FOR UPDATE SKIP LOCKED",
			"SELECT * FROM t LOCK IN SHARE MODE", "(SELECT 1) UNION (SELECT 2)", "((SELECT 1))",
			"WITH c AS (SELECT 1) SELECT * FROM c", "\n\t SELECT 1 \n", "TABLE t", "VALUES ROW(1, 2)",
			"INSERT INTO t VALUES (?, ?)", "INSERT INTO t SET a = 1", "INSERT INTO t(a) VALUES (1); ",
			"INSERT INTO t VALUES (1) AS n ON DUPLICATE KEY UPDATE a = n.a", "REPLACE INTO t SET a = 1",
			"UPDATE t SET a = 1", "UPDATE t SET a = a + 1, email = 'a@b.c' WHERE id = ?", "DELETE FROM t WHERE a = 1",
			"SELECT 1; UPDATE t SET a = 1; DELETE FROM t", "DO SLEEP(1)", "DO RELEASE_LOCK('a')",
			"SELECT IS_FREE_LOCK('a'), RELEASE_ALL_LOCKS()", "SELECT @@sql_mode, @@SESSION.time_zone",
			"SELECT 1; SELECT @@sql_mode", "SELECT LAST_INSERT_ID(5)", "SELECT SQL_CALC_FOUND_ROWS * FROM t LIMIT 1",
			"SELECT book_lock, k FROM k; SELECT forget_lock, get_locks, `a_lock` FROM t",
			"SELECT a INTO OUTFILE '/x@y' FROM t", "SELECT a->>'$.x@y' FROM t", "SELECT 1 --'\n; SET @x = 1; SELECT '",
			"SELECT 5--1; SELECT 2*/* set */3", "SELECT 1 AS `set`; SELECT a.set FROM a", "EXPLAIN ANALYZE SELECT 1",
			"EXPLAIN UPDATE t SET a = 1", "DESC t", "SHOW TABLES",
			"LOAD DATA INFILE 'a@b' INTO TABLE t (a, b) SET c = 1",
			// Transactions
			"BEGIN", "BEGIN WORK", "START TRANSACTION READ ONLY", "COMMIT", "COMMIT AND CHAIN", "ROLLBACK RELEASE",
			"SAVEPOINT a", "ROLLBACK TO SAVEPOINT a", "RELEASE SAVEPOINT a", "BEGIN; UPDATE t SET a = 1; COMMIT",
			"XA COMMIT 'x'", "XA RECOVER", "UNLOCK TABLES",
			// Comments, hints and strings
			"/* SET @x = 1 */ SELECT 1", "-- SET @x = 1\nSELECT 1", "#;SET @x = 1\nSELECT 1", "--\nSELECT 1",
			"SELECT /*+ SET_VAR(sort_buffer_size = 16M) */ 1", "SELECT /*!50000 1 */; SELECT 1",
			"SELECT 1 /*!99999 /* a */ */; SELECT /*M! SQL_CACHE */ 1", "SELECT 'it''s; SET @x = 1'",
			"SELECT 'it\\'s; SET @x = 1'", "SELECT '\\\\'; SELECT '; SET @x = 1'",
			"SELECT \"a; SET @x = 1\"\"; SET @x = 1\"", "SELECT `a``; SET @x = 1` FROM t",
			"SELECT 'GET_LOCK(1)', '@', ':='", "INSERT INTO t VALUES ('; SET @x = 1'), ('GET_LOCK(')",
			"SELECT '/*', 1, '*/'", "SELECT '-- ', 1; SELECT '#'", "/* tag='a;b' */ SELECT 1; -- end",
			// What is for the whole server, or for later sessions
			"SET GLOBAL max_connections = 10", "set global a = 1, @@global.b = 2, PERSIST c = (SELECT MAX(a) FROM t)",
			"SET PERSIST a = 1", "SET PERSIST_ONLY a = 1", "SET @@GLOBAL.a = 1", "SET @@persist.a = CONCAT(1, 2)",
			"SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY", "SET PASSWORD = 'a'",
			"SET PASSWORD FOR 'a'@'b' = 'c'", "SET DEFAULT ROLE a, b TO c@d", "FLUSH PRIVILEGES", "FLUSH TABLES t",
			"GRANT ALL ON *.* TO a@b", "KILL QUERY 5", "INSTALL COMPONENT 'a' SET GLOBAL b = 1", "RESET PERSIST",
			// Definitions
			"CREATE TABLE t (a INT)", "CREATE TABLE temporary (a INT)", "CREATE TABLE event (begin INT)",
			"ALTER TABLE t ADD a INT", "DROP TABLE t", "CREATE DATABASE d", "CREATE INDEX a ON t (a)",
			"CREATE USER a@b IDENTIFIED BY 'c'", "DROP PREPARE p", "CREATE TABLE t AS SELECT 1",
			"CREATE PROCEDURE p() SET @x = 1", "CREATE PROCEDURE p() SELECT GET_LOCK('a', 1) INTO @x; SELECT 1",
			"CREATE PROCEDURE p() BEGIN SET @x = 1; SET @y = 1; END",
			"CREATE DEFINER=`a`@`b` PROCEDURE p() BEGIN IF a THEN SET @x = 1; END IF; END; SELECT 1",
			"CREATE DEFINER = CURRENT_USER() PROCEDURE p() BEGIN CASE a WHEN 1 THEN SET @x = 1; END CASE; END; SELECT 1",
			"CREATE TRIGGER t BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1, NEW.end = 2",
			"CREATE TRIGGER t BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.begin = CASE WHEN 1 THEN 2 END; END; SELECT 1",
			"CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN l: LOOP SET @x = 1; LEAVE l; END LOOP l; END",
			"ALTER EVENT e DO SET @x = 1", "CREATE FUNCTION f() RETURNS INT RETURN GET_LOCK('a', 1)",
			"CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $$ don't; SET $$; SELECT 1",
			"CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $a$ $$ ' $a$; SELECT 1",
			"CREATE TABLE /*!32312 IF NOT EXISTS*/ t (a INT) /*!50100 PARTITION BY HASH (a) */; SELECT 1",
			// MariaDB
			"SET STATEMENT max_statement_time = 1 FOR SELECT 1",
			"SET STATEMENT a = (SELECT 1 FOR UPDATE) FOR DELETE FROM t", "ANALYZE FORMAT=JSON SELECT 1" })
	void nothingThatLasts(String sql) {
		assertThat(SqlEffect.of(sql)).as(sql).isEqualTo(SqlEffect.NONE);
	}

	@ParameterizedTest
	@ValueSource(strings = { "CALL p()", "call p(?, @@sql_mode)", "SELECT 1; CALL p()", "/* tag */ CALL p('@x')",
			"/*! CALL p() */", "CALL p; SELECT 1", "EXECUTE IMMEDIATE 'SELECT 1'",
			"BEGIN NOT ATOMIC SELECT 1; UPDATE t SET a = 1; END", "IF 1 THEN SELECT 1; ELSE DELETE FROM t; END IF",
			"WHILE a DO UPDATE t SET a = 1; END WHILE", "REPEAT DELETE FROM t; UNTIL 1 END REPEAT",
			"LOOP COMMIT; END LOOP", "BEGIN NOT ATOMIC DECLARE a INT; BEGIN SELECT 1; END; END" })
	void codeThatIsNotShown(String sql) {
		assertThat(SqlEffect.of(sql)).as(sql).isEqualTo(SqlEffect.OPAQUE);
	}

	@ParameterizedTest
	@ValueSource(strings = { "SET autocommit = 0", "set @x = 1", "SET x=1", "SET\n@@x = 1", "SET/**/@x = 1",
			"SET SESSION a = 1", "SET LOCAL a = 1", "SET @@SESSION.a = 1", "SET @@local.a = 1", "SET `sql_mode` = ''",
			"SET NAMES utf8mb4", "SET CHARACTER SET utf8mb4", "SET CHARSET x", "SET ROLE a", "SET RESOURCE GROUP a",
			"SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "SET SESSION TRANSACTION READ ONLY", "SET DEFAULT x",
			"SET GLOBAL a = 1, SESSION b = 2", "SET GLOBAL a = 1, b = 2", "SET GLOBAL a = CONCAT(1, 2), @b = 2",
			"SET @@GLOBAL.a = 1, @@b = 2", "SET PERSIST a = (SELECT GET_LOCK('a', 1))", "SET PASSWORD = 'a', @x = 1",
			"SET STATEMENT a = 1 FOR SET @x = 1", "SET STATEMENT a = 1", "SET STATEMENT a = 1 FOR SELECT 1 INTO @x",
			"SET", "USE d", "use `d`", "DROP DATABASE d", "DROP SCHEMA IF EXISTS d", "CREATE TEMPORARY TABLE t (a INT)",
			"create /* */ temporary table t select 1", "DROP TEMPORARY TABLE t",
			"CREATE OR REPLACE TEMPORARY TABLE t (a INT)", "SELECT GET_LOCK('a', 1)",
			"select a from t where b = get_lock(?, 1)", "SELECT gEt_LoCk('a', 1)", "SELECT GET_LOCK ('a', 1)",
			"SELECT GET_LOCK/* */('a', 1)", "SELECT `GET_LOCK`('a', 1)", "SELECT \"get_lock\"('a', 1)",
			"DO GET_LOCK('a', 1)", "EXPLAIN ANALYZE SELECT GET_LOCK('a', 1)", "UPDATE t SET a = GET_LOCK('a', 1)",
			"CREATE TABLE t AS SELECT GET_LOCK('a', 1)", "SELECT service_get_write_locks('a', 'b', 1)",
			"SELECT VERSION_TOKENS_LOCK_SHARED('a', 1)", "LOCK TABLES t READ", "LOCK TABLE t WRITE",
			"LOCK INSTANCE FOR BACKUP", "FLUSH TABLES WITH READ LOCK", "FLUSH LOCAL TABLES t FOR EXPORT",
			"HANDLER t OPEN", "BACKUP LOCK t", "XA START 'x'", "xa begin 'x'", "PREPARE p FROM 'SELECT 1'", "EXECUTE p",
			"EXECUTE p USING @x", "SELECT @x := 1", "SELECT a, @n:=@n+1 FROM t", "UPDATE t SET a = (@x := a)",
			"SELECT a INTO @x FROM t", "SELECT a FROM t INTO/**/@x", "SELECT a INTO @'x', @y FROM t",
			"EXPLAIN FORMAT=JSON INTO @x SELECT 1", "LOAD DATA LOCAL INFILE 'a' INTO TABLE t (@x, b) SET a = @x",
			"GET DIAGNOSTICS @x = NUMBER", "CALL p(@x)", "CALL p(1, @x)",
			// Where it hides
			"/*! SET @x = 1 */", "/*!50000 SET @x = 1 */", "/*!080000 SET @x = 1 */", "/*M! SET @x = 1 */",
			"/*M!100100 SET @x = 1 */", "SELECT 1 /*! INTO @x */", "/*!50000 SELECT 1 */; SET @x = 1",
			"/*!50003 CREATE*/ /*!50003 PROCEDURE p() SELECT 1 */;", "/*!99999 SELECT */ /*!50000 USE d */",
			"SELECT 1 /*!99999 ; SELECT 1 */ /*!50000 ; USE d */", "SET /*!99999 GLOBAL */ a = 1",
			"CREATE /*!50000 PROCEDURE p() BEGIN */ TABLE t (a INT); USE d; SELECT 1 AS END",
			"SELECT 1 /*!99999 ' */; SELECT '*/ /*!50000 ; USE d */ ; -- '",
			"SELECT 1 /*!99999 ' */; /*M!CASE 1 WHEN 1 THEN SET @x = 1; ELSE SELECT 1; END CASE;#'\n */",
			"SELECT \"\\\", 'a\\'b'; USE d; SELECT '\"'", "SELECT '\\' -- '\n; SELECT @x := 1 /*!99999 ' */",
			"SELECT 1 /*!99999 ' */; SET @x = 1; -- ' */", "/*!99999 a /* b */ ' */; SET @x = 1; -- '",
			"SELECT 1; SET @x = 1", "SELECT 1;SET @x = 1;SELECT 1", "SELECT 1 ;\n\n; use d", "-- a\nSET @x = 1",
			"# a\nSET @x = 1", "/* a */ SET @x = 1", "/**/SET @x = 1", "/*/ */SET @x = 1", "SELECT 'a'; SET @x = 1",
			"SELECT ''; SET @x = 1", "SELECT ''''; SET @x = 1", "SELECT '\\''; SET @x = 1", "SELECT '\\\\'; SET @x = 1",
			"SELECT `\\`; SET @x = 1", "SELECT 'a\\'; SET @x = 1; SELECT 1",
			"SELECT a LIKE 'b' ESCAPE '\\'; SET @x = 1", "SELECT \"'\"; SET @x = 1", "SELECT '/*'; SET @x = 1; -- */",
			"SELECT '-- '; SET @x = 1", "SELECT 1--'; SET @x = 1; -- '; SET @x = 1", "(SELECT 1); SET @x = 1",
			"BEGIN; SET @x = 1; COMMIT", "CALL p(); SET @x = 1", "CREATE TABLE event (begin INT); SET @x = 1",
			"CREATE PROCEDURE p() BEGIN SELECT 1; END; SET @x = 1",
			"CREATE PROCEDURE p() BEGIN SELECT a.begin FROM a; END; SET @x = 1",
			"CREATE PROCEDURE p() BEGIN SELECT begin FROM a; END; SET @x = 1",
			"CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; END IF; END; SET @x = 1",
			"CREATE PROCEDURE p() BEGIN CASE a WHEN 1 THEN SELECT CASE 1 WHEN 2 THEN 3 END; END CASE; END; SET @x = 1",
			"CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $$ don't $$; SET @x = 1",
			"CREATE FUNCTION f() RETURNS INT RETURN 1; SET @x = 1", "BEGIN NOT ATOMIC SET @x = 1; END",
			"BEGIN NOT ATOMIC SELECT 1; SET @x = 1; END", "IF 1 THEN SET @x = 1; END IF", "LOOP SET @x = 1; END LOOP",
			"IF 0 THEN SELECT 1; ELSE SET @x = 1; END IF", "WHILE 1 DO SET @x = 1; END WHILE",
			"BEGIN NOT ATOMIC BEGIN SET @x = 1; END; END",
			"BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SET @x = 1; SELECT 1; END",
			// What is not understood
			"DELIMITER //", "BINLOG 'x'", "FROBNICATE", "? = 1", "SELECT 'a'; '", "/* SELECT 1", "/*! SELECT 1",
			"SELECT '@", "5" })
	void aChangeOfTheSession(String sql) {
		assertThat(SqlEffect.of(sql)).as(sql).isEqualTo(SqlEffect.SESSION);
	}

	@Test
	void theStrongerEffectCounts() {
		for (SqlEffect one : SqlEffect.values()) {
			for (SqlEffect other : SqlEffect.values()) {
				assertThat(one.and(other)).isEqualTo((one.ordinal() > other.ordinal()) ? one : other);
			}
		}
	}

	@Test
	@Timeout(30)
	void anyTextIsReadToItsEnd() {
		Random random = new Random(4);
		for (int i = 0; i < 30_000; i++) {
			StringBuilder sql = new StringBuilder();
			for (int length = random.nextInt(20); length > 0; length--) {
				sql.append(FRAGMENTS[random.nextInt(FRAGMENTS.length)]).append(random.nextBoolean() ? " " : "");
			}
			assertThat(SqlEffect.of(sql.toString())).as(sql.toString()).isNotNull();
		}
	}

	@ParameterizedTest
	@Timeout(30)
	@ValueSource(strings = { "(", ";", "/*", "/*!50000", "/*! /* */", "'\\'", "SET STATEMENT a = 1 FOR ", "BEGIN ",
			"CREATE PROCEDURE p() BEGIN ", "IF 1 THEN ", "\\", "k_LOC", "a", "$$", "/*!50000 */ /* */", "SELECT 1;",
			"--" })
	void timeIsLinear(String part) {
		for (String start : new String[] { "", "SELECT '@", "CREATE PROCEDURE p() BEGIN ", "/*!50000 */ '\\'' " }) {
			assertThat(SqlEffect.of(start + part.repeat(500_000 / part.length()))).isNotNull();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "SELECT id, title FROM book WHERE id = ?",
			"SELECT b.id, b.title, a.name, COUNT(*) FROM book b JOIN author a ON a.id = b.author_id LEFT JOIN stock s "
					+ "ON s.book_id = b.id WHERE b.title LIKE ? AND b.price BETWEEN ? AND ? GROUP BY b.id ORDER BY b.title LIMIT ?",
			"INSERT INTO account (owner, balance, email) VALUES (?, ?, 'nobody@example.com')",
			"UPDATE account SET balance = balance - ? WHERE id = ? AND balance >= ?; SELECT 1", "COMMIT" })
	void aTextThatChangesNothingCostsLittle(String sql) {
		assertThat(SqlEffect.of(sql)).isEqualTo(SqlEffect.NONE);
		// Until the compiler is done, which is not what is measured.
		Awaitility.await()
			.atMost(Duration.ofSeconds(20))
			.pollInSameThread()
			.pollInterval(Duration.ZERO)
			.untilAsserted(() -> assertThat(medianNanos(sql)).as("nanoseconds").isLessThan(1000));
	}

	private static long medianNanos(String sql) {
		long[] nanos = new long[51];
		int effects = 0;
		for (int run = 0; run < nanos.length; run++) {
			long start = System.nanoTime();
			for (int i = 0; i < 1000; i++) {
				effects += SqlEffect.of(sql).ordinal();
			}
			nanos[run] = (System.nanoTime() - start) / 1000;
		}
		assertThat(effects).isZero();
		Arrays.sort(nanos);
		return nanos[nanos.length / 2];
	}

}
