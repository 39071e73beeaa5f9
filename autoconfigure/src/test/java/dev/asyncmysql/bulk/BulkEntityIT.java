package dev.asyncmysql.bulk;

import java.time.Duration;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import dev.asyncmysql.autoconfigure.BulkWriterAutoConfiguration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.r2dbc.autoconfigure.DataR2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.convert.converter.Converter;
import org.springframework.dao.InvalidDataAccessApiUsageException;
import org.springframework.data.annotation.CreatedBy;
import org.springframework.data.annotation.CreatedDate;
import org.springframework.data.annotation.Id;
import org.springframework.data.annotation.ReadOnlyProperty;
import org.springframework.data.annotation.Transient;
import org.springframework.data.annotation.Version;
import org.springframework.data.convert.WritingConverter;
import org.springframework.data.domain.ReactiveAuditorAware;
import org.springframework.data.r2dbc.config.EnableR2dbcAuditing;
import org.springframework.data.r2dbc.convert.R2dbcCustomConversions;
import org.springframework.data.r2dbc.dialect.MySqlDialect;
import org.springframework.data.r2dbc.mapping.event.AfterSaveCallback;
import org.springframework.data.r2dbc.mapping.event.BeforeConvertCallback;
import org.springframework.data.r2dbc.mapping.event.BeforeSaveCallback;
import org.springframework.data.relational.core.mapping.Column;
import org.springframework.data.relational.core.mapping.Embedded;
import org.springframework.data.relational.core.mapping.InsertOnlyProperty;
import org.springframework.data.relational.core.mapping.Table;
import org.springframework.data.relational.core.sql.SqlIdentifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Entities that Spring Data maps, written in bulk.
 */
@RequiresMySql
class BulkEntityIT {

	private static final Duration LIMIT = Duration.ofSeconds(60);

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				DataR2dbcAutoConfiguration.class, BulkWriterAutoConfiguration.class))
		.withPropertyValues(MySqlServer.properties())
		.withBean(R2dbcCustomConversions.class,
				() -> R2dbcCustomConversions.of(MySqlDialect.INSTANCE, List.of(new TagWriter())));

	@BeforeEach
	void createTable() {
		MySqlServer.execute("DROP TABLE IF EXISTS thing_table");
		MySqlServer.execute("CREATE TABLE thing_table (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, "
				+ "version INT NOT NULL, the_name VARCHAR(20) NOT NULL UNIQUE, tag VARCHAR(20), place_city VARCHAR(20), "
				+ "first_seen INT, computed INT NOT NULL DEFAULT 7)");
	}

	@Test
	void insertsAndReturnsThemWithTheirKeys() {
		this.contexts.run((context) -> {
			List<Thing> things = context.getBean(BulkWriter.class)
				.insert(Thing.class)
				.entities(things(2500))
				.executeAndReturn()
				.collectList()
				.block(LIMIT);
			assertThat(things).hasSize(2500).allMatch((thing) -> Integer.valueOf(0).equals(thing.version()));
			assertThat(things).map((thing) -> thing.id() + thing.name())
				.isEqualTo(MySqlServer.execute("SELECT CONCAT(id, the_name) FROM thing_table ORDER BY id"));
			assertThat(MySqlServer
				.execute("SELECT CONCAT_WS(',', version, the_name, tag, place_city, first_seen, computed) "
						+ "FROM thing_table WHERE the_name IN ('thing 0', 'thing 1') ORDER BY the_name"))
				.containsExactly("0,thing 0,#t0,,5,7".replace(",,", ","), "0,thing 1,#t1,city 1,5,7");
		});
	}

	@Test
	void upsertCountsTheVersionUpAndLeavesWhatIsForInsertsOnly() {
		this.contexts.run((context) -> {
			BulkWriter bulk = context.getBean(BulkWriter.class);
			assertThat(bulk.insert(Thing.class).entities(things(10)).execute().block(LIMIT)).isNotNull();
			Flux<Thing> changed = things(20)
				.map((thing) -> new Thing(null, null, thing.name(), new Tag("new"), null, 6, null, "x"));
			assertThat(bulk.upsert(Thing.class).entities(changed).execute().block(LIMIT)).isNotNull();
			assertThat(MySqlServer.execute(
					"SELECT CONCAT(version, tag, first_seen, COUNT(*)) FROM thing_table GROUP BY 1 = 1, version, tag, first_seen ORDER BY 1"))
				.containsExactly("0#new610", "1#new510");
		});
	}

	@Test
	void givenKeysAreWrittenAndRefusedWhereTheServerIsToGenerateThem() {
		this.contexts.run((context) -> {
			BulkWriter.WriteSpec<Thing> write = context.getBean(BulkWriter.class)
				.insert(Thing.class)
				.entities(things(3).map((thing) -> new Thing("thing 2".equals(thing.name()) ? 77L : null, null,
						thing.name(), null, null, 5, null, null)));
			StepVerifier.create(write.executeAndReturn())
				.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(BulkWriteException.class)
					.hasMessageStartingWith(
							"Row 2 (counted from 0) cannot be written to thing_table: it gives its key"))
				.verify(LIMIT);
			assertThat(MySqlServer.execute("SELECT id FROM thing_table")).isEmpty();
			assertThat(write.execute().block(LIMIT)).isNotNull();
			assertThat(MySqlServer.execute("SELECT id FROM thing_table WHERE the_name = 'thing 2'"))
				.containsExactly("77");
		});
	}

	@Test
	void callbacksAreCalled() {
		this.contexts.withUserConfiguration(Callbacks.class).run((context) -> {
			assertThat(context.getBean(BulkWriter.class)
				.insert(Thing.class)
				.entities(things(100))
				.executeAndReturn()
				.count()
				.block(LIMIT)).isEqualTo(100);
			assertThat(MySqlServer.execute("SELECT COUNT(*) FROM thing_table WHERE the_name LIKE 'THING %'"))
				.containsExactly("100");
			assertThat(context.getBean(Callbacks.class).saved).hasValue(100);
		});
	}

	@Test
	void auditingAndTheLastWordOnARowAreThatOfSpringData() {
		MySqlServer.execute("DROP TABLE IF EXISTS note");
		MySqlServer
			.execute("CREATE TABLE note (id BIGINT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(20), author VARCHAR(20), "
					+ "created_at DATETIME(6), copy VARCHAR(20))");
		this.contexts.withUserConfiguration(Auditing.class).run((context) -> {
			List<Note> notes = context.getBean(BulkWriter.class)
				.insert(Note.class)
				.entities(Flux.just(new Note(null, "a", null, null, null), new Note(null, "abc", null, null, null)))
				.executeAndReturn()
				.collectList()
				.block(LIMIT);
			assertThat(notes).extracting(Note::author).containsExactly("Jane", "Jane");
			assertThat(notes).extracting(Note::createdAt).doesNotContainNull();
			assertThat(MySqlServer
				.execute("SELECT CONCAT_WS(',', text, author, created_at IS NOT NULL, copy) FROM note ORDER BY id"))
				.containsExactly("a,Jane,1,a", "abc,Jane,1,abc");
		});
	}

	@Test
	void anUpsertLeavesACompositeKeyAsItIs() {
		MySqlServer.execute("DROP TABLE IF EXISTS composed");
		MySqlServer.execute("CREATE TABLE composed (a INT NOT NULL, b INT NOT NULL, name VARCHAR(20) NOT NULL UNIQUE, "
				+ "amount INT, PRIMARY KEY (a, b))");
		this.contexts.run((context) -> {
			BulkWriter bulk = context.getBean(BulkWriter.class);
			for (Composed composed : List.of(new Composed(new Key(1, 2), "x", 5),
					new Composed(new Key(3, 4), "x", 6))) {
				assertThat(bulk.upsert(Composed.class).entities(Flux.just(composed)).execute().block(LIMIT))
					.isNotNull();
			}
			assertThat(MySqlServer.execute("SELECT CONCAT_WS(',', a, b, name, amount) FROM composed"))
				.containsExactly("1,2,x,6");
		});
	}

	@Test
	void versionedEntitiesAreNotReplaced() {
		this.contexts.run((context) -> assertThatExceptionOfType(InvalidDataAccessApiUsageException.class)
			.isThrownBy(() -> context.getBean(BulkWriter.class).replace(Thing.class).entities(things(1)))
			.withMessageContaining("@Version"));
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aConverterThatFailsNamesTheRow(boolean callbacks) {
		ApplicationContextRunner runner = callbacks ? this.contexts.withUserConfiguration(Callbacks.class)
				: this.contexts;
		runner.run((context) -> {
			Flux<Thing> things = things(100).map((thing) -> !thing.name().equals("thing 77") ? thing
					: new Thing(null, null, thing.name(), new Tag(TagWriter.BAD), null, 5, null, null));
			StepVerifier
				.create(context.getBean(BulkWriter.class)
					.insert(Thing.class)
					.entities(things)
					.maxRows(20)
					.commitEachChunk()
					.execute())
				.expectErrorSatisfies((ex) -> assertThat(ex).hasRootCauseMessage(TagWriter.BAD)
					.isInstanceOfSatisfying(BulkWriteException.class, (refused) -> {
						assertThat(refused.getRow()).isEqualTo(77);
						assertThat(refused.getWritten().rows()).isEqualTo(60);
					}))
				.verify(LIMIT);
			assertThat(MySqlServer.execute("SELECT COUNT(*) FROM thing_table")).containsExactly("60");
		});
	}

	@Test
	void keysNeedAnIdThatTakesThem() {
		this.contexts.run((context) -> {
			BulkWriter bulk = context.getBean(BulkWriter.class);
			for (BulkWriter.WriteSpec<?> write : List.of(
					bulk.insert(Keyless.class).entities(Flux.just(new Keyless(0, "a", 1))),
					bulk.insert(Dated.class).entities(Flux.just(new Dated(null, 0, "a", 1))),
					bulk.insert(Composed.class).entities(Flux.just(new Composed(new Key(1, 2), "a", 1))))) {
				StepVerifier.create(write.commitEachChunk().executeAndReturn())
					.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(InvalidDataAccessApiUsageException.class)
						.hasMessageStartingWith("The keys that the server generates cannot be given to a "))
					.verify(LIMIT);
			}
			assertThat(MySqlServer.execute("SELECT id FROM thing_table")).isEmpty();
		});
	}

	@Test
	void aCallbackThatFailsAfterTheCommitSaysWhatIsWritten() {
		this.contexts.withUserConfiguration(FailingCallback.class).run((context) -> {
			StepVerifier
				.create(context.getBean(BulkWriter.class)
					.insert(Thing.class)
					.entities(things(100))
					.maxRows(10)
					.commitEachChunk()
					.executeAndReturn())
				.expectNextCount(25)
				.expectErrorSatisfies((ex) -> assertThat(ex).hasMessageContaining("on purpose")
					.isInstanceOfSatisfying(BulkWriteException.class, (stopped) -> {
						assertThat(stopped.getWritten().rows()).isEqualTo(30);
						assertThat(stopped.getFirstRow()).isEqualTo(30);
						assertThat(stopped.isOutcomeUnknown()).isFalse();
					}))
				.verify(LIMIT);
			assertThat(MySqlServer.execute("SELECT COUNT(*) FROM thing_table")).containsExactly("30");
		});
	}

	private static Flux<Thing> things(int count) {
		return Flux.range(0, count)
			.map((i) -> new Thing(null, null, "thing " + i, new Tag("t" + i),
					(i % 2 != 0) ? new Place("city " + i) : null, 5, 99, "unused"));
	}

	@Table("thing_table")
	record Thing(@Id @Nullable Long id, @Version @Nullable Integer version, @Column("the_name") String name,
			@Nullable Tag tag, @Embedded.Nullable(prefix = "place_") @Nullable Place place,
			@InsertOnlyProperty Integer firstSeen, @ReadOnlyProperty @Nullable Integer computed,
			@Transient @Nullable String unused) {

	}

	@Table("note")
	record Note(@Id @Nullable Long id, String text, @CreatedBy @Nullable String author,
			@CreatedDate @Nullable LocalDateTime createdAt, @Nullable String copy) {

	}

	@Table("thing_table")
	record Keyless(int version, String theName, int firstSeen) {

	}

	@Table("thing_table")
	record Dated(@Id @Nullable LocalDateTime id, int version, String theName, int firstSeen) {

	}

	@Table("composed")
	record Composed(@Id @Embedded.Empty Key key, String name, Integer amount) {

	}

	record Key(Integer a, Integer b) {

	}

	record Place(String city) {

	}

	record Tag(String text) {

	}

	@WritingConverter
	static class TagWriter implements Converter<Tag, String> {

		static final String BAD = "cannot be converted";

		@Override
		public String convert(Tag tag) {
			if (tag.text().equals(BAD)) {
				throw new IllegalStateException(BAD);
			}
			return "#" + tag.text();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Callbacks {

		final AtomicInteger saved = new AtomicInteger();

		@Bean
		BeforeConvertCallback<Thing> shout() {
			return (thing, table) -> Mono
				.just(new Thing(thing.id(), thing.version(), thing.name().toUpperCase(Locale.ROOT), thing.tag(),
						thing.place(), thing.firstSeen(), thing.computed(), thing.unused()));
		}

		@Bean
		AfterSaveCallback<Thing> count() {
			return (thing, row, table) -> Mono.fromSupplier(() -> {
				assertThat(thing.id()).isPositive();
				this.saved.incrementAndGet();
				return thing;
			});
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FailingCallback {

		@Bean
		AfterSaveCallback<Thing> fail() {
			return (thing, row, table) -> thing.name().equals("thing 25")
					? Mono.error(new IllegalStateException("on purpose")) : Mono.just(thing);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableR2dbcAuditing
	static class Auditing {

		@Bean
		ReactiveAuditorAware<String> auditor() {
			return () -> Mono.just("Jane");
		}

		@Bean
		BeforeSaveCallback<Note> copy() {
			return (note, row, table) -> Mono.fromSupplier(() -> {
				row.put(SqlIdentifier.quoted("COPY"), row.get(SqlIdentifier.quoted("TEXT")));
				return note;
			});
		}

	}

}
