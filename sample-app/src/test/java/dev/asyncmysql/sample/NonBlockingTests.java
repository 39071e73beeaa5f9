package dev.asyncmysql.sample;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import org.reactivestreams.Publisher;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

/**
 * The application describes pipelines and leaves it to the server to run them.
 */
@AnalyzeClasses(packagesOf = SampleApplication.class, importOptions = DoNotIncludeTests.class)
class NonBlockingTests {

	@ArchTest
	final ArchRule neverBlocksAndNeverSubscribes = noClasses().should()
		.accessTargetWhere(new DescribedPredicate<JavaAccess<?>>("a publisher is run") {

			@Override
			public boolean test(JavaAccess<?> access) {
				return access.getTargetOwner().isAssignableTo(Publisher.class)
						&& access.getName().matches("block.*|subscribe|subscribeWith|toIterable|toStream|toFuture");
			}

		});

}
