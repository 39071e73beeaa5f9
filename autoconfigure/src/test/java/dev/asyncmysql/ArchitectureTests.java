package dev.asyncmysql;

import java.util.List;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Connection;
import org.jspecify.annotations.NullMarked;

import org.springframework.aop.MethodMatcher;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.transaction.interceptor.TransactionAttributeSource;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

/**
 * The arrows between the packages, and what each may show.
 */
@AnalyzeClasses(packages = "dev.asyncmysql", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {

	@ArchTest
	final ArchRule nothingKnowsTheWiring = noClasses().that()
		.resideOutsideOfPackage("dev.asyncmysql.autoconfigure")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("dev.asyncmysql.autoconfigure");

	@ArchTest
	final ArchRule theRootKnowsNoOtherPackage = noClasses().that()
		.resideInAPackage("dev.asyncmysql")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("dev.asyncmysql.(*)..");

	@ArchTest
	final ArchRule theConnectionKnowsOnlyTheRoot = noClasses().that()
		.resideInAPackage("dev.asyncmysql.connection")
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("dev.asyncmysql.embedded..", "dev.asyncmysql.transaction..", "dev.asyncmysql.bulk..",
				"dev.asyncmysql.observability..");

	@ArchTest
	final ArchRule theEmbeddedDatabaseKnowsOnlyTheRoot = noClasses().that()
		.resideInAPackage("dev.asyncmysql.embedded")
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("dev.asyncmysql.connection..");

	@ArchTest
	final ArchRule onlyTheConnectionAndItsWiringKnowDriverAndPool = noClasses().that()
		.resideOutsideOfPackages("dev.asyncmysql", "dev.asyncmysql.connection", "dev.asyncmysql.autoconfigure")
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("io.asyncer..", "io.r2dbc.pool..", "reactor.pool..");

	@ArchTest
	final ArchRule theWiringShowsAutoConfigurationsAlone = classes().that()
		.resideInAPackage("dev.asyncmysql.autoconfigure")
		.and()
		.arePublic()
		.should()
		.beAnnotatedWith(AutoConfiguration.class)
		.andShould()
		.haveModifier(JavaModifier.FINAL);

	@ArchTest
	final ArchRule autoConfigurationsShowNoMembers = methods().that()
		.areDeclaredInClassesThat()
		.areAnnotatedWith(AutoConfiguration.class)
		.should()
		.notBePublic();

	@ArchTest
	final ArchRule noReflectionIntoOthers = noClasses().that()
		// Spring hands each method over.
		.areNotAssignableTo(TransactionAttributeSource.class)
		.and()
		.areNotAssignableTo(MethodMatcher.class)
		.and()
		// It reads the settings, a record of this project's own.
		.doNotHaveSimpleName("SettingsInForce")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("java.lang.reflect");

	@ArchTest
	final ArchRule noSqlIsBuilt = noClasses().should()
		.callMethodWhere(DescribedPredicate.describe("send SQL but what a caller gave",
				(call) -> sendsSql(call.getTarget()) && !passesOn(call)))
		.because(
				"what the starter says by itself is in OwnSql, BulkSql has but names and placeholders, Explain a caller's statement, and SchemaCopy what the server of a test has told");

	@ArchTest
	final ArchRule bulkWritingDoesWithoutSpringDataButForEntities = noClasses().that()
		.resideInAPackage("dev.asyncmysql.bulk")
		.and()
		.haveNameNotMatching(".*\\.SpringData.*")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("org.springframework.data..");

	@ArchTest
	final ArchRule bulkWritingShowsItsApiAlone = classes().that()
		.resideInAPackage("dev.asyncmysql.bulk")
		.and()
		.arePublic()
		.and()
		.areTopLevelClasses()
		.should()
		.haveNameMatching(".*\\.(BulkWriter|SpringDataBulkWriter|BulkProgress|KeyedRow|BulkWriteException)");

	@ArchTest
	final ArchRule leavesKnowTheRootAndTheConnectionAlone = noClasses().that()
		.resideInAPackage("dev.asyncmysql.bulk")
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("dev.asyncmysql.embedded..", "dev.asyncmysql.transaction..",
				"dev.asyncmysql.observability..");

	@ArchTest
	final ArchRule allPackagesAreNullMarked = classes().should(new ArchCondition<>("be in a package of @NullMarked") {

		@Override
		public void check(JavaClass type, ConditionEvents events) {
			boolean marked = type.getPackage()
				.tryGetPackageInfo()
				.filter((info) -> info.isAnnotatedWith(NullMarked.class))
				.isPresent();
			events.add(new SimpleConditionEvent(type, marked, type.getPackageName() + " has no @NullMarked"));
		}

	});

	@ArchTest
	final ArchRule ownSqlIsMadeOfConstants = methods().that()
		.areDeclaredInClassesThat()
		.haveSimpleName("OwnSql")
		.and()
		.areNotPrivate()
		.should()
		.notHaveRawParameterTypes(DescribedPredicate.describe("text",
				(types) -> types.stream()
					.anyMatch((type) -> type.isAssignableTo(CharSequence.class) || type.isEquivalentTo(Object.class))))
		.because("a text from outside could become SQL");

	private static boolean passesOn(JavaMethodCall call) {
		JavaClass caller = call.getOriginOwner();
		return List.of("OwnSql", "Explain", "SchemaCopy").contains(caller.getSimpleName())
				|| caller.getName().equals("dev.asyncmysql.bulk.BulkSql")
				|| ((caller.isAssignableTo(Connection.class) || caller.isAssignableTo(Batch.class))
						&& call.getOrigin().getName().equals(call.getTarget().getName()));
	}

	private static boolean sendsSql(AccessTarget method) {
		return switch (method.getName()) {
			case "createStatement" -> method.getOwner().isAssignableTo(Connection.class);
			case "add" -> method.getOwner().isAssignableTo(Batch.class);
			case "sql" -> method.getOwner().isAssignableTo("org.springframework.r2dbc.core.DatabaseClient");
			default -> false;
		};
	}

}
