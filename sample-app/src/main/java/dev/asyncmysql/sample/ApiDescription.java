package dev.asyncmysql.sample;

import java.util.List;

import io.swagger.v3.core.converter.ModelConverters;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.media.StringSchema;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.responses.ApiResponses;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springdoc.core.utils.SpringDocUtils;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.http.ProblemDetail;
import org.springframework.web.reactive.config.BlockingExecutionConfigurer;
import org.springframework.web.reactive.config.WebFluxConfigurer;

/**
 * Adds to the OpenAPI description what the controllers do not tell, and keeps the making
 * of it away from the event loops: it takes a lock that another request may hold.
 */
@Configuration(proxyBeanMethods = false)
class ApiDescription implements WebFluxConfigurer {

	private static final String PROBLEM = org.springframework.http.MediaType.APPLICATION_PROBLEM_JSON_VALUE;

	private final ObjectProvider<AsyncTaskExecutor> executor;

	// A test of a single controller has no executor.
	ApiDescription(@Qualifier("applicationTaskExecutor") ObjectProvider<AsyncTaskExecutor> executor) {
		this.executor = executor;
	}

	@Override
	public void configureBlockingExecution(BlockingExecutionConfigurer configurer) {
		this.executor.ifAvailable(configurer::setExecutor);
		configurer.setControllerMethodPredicate(
				(method) -> method.getBeanType().getPackageName().startsWith("org.springdoc"));
	}

	@Bean
	static OpenAPI ledger() {
		SpringDocUtils.getConfig().replaceWithSchema(DataBuffer.class, new StringSchema());
		return new OpenAPI().info(new Info().title("Ledger").version("1").description("""
				Accounts, transfers between them, deposits and statements."""));
	}

	@Bean
	static OpenApiCustomizer problems() {
		return (api) -> {
			ModelConverters.getInstance(true).read(ProblemDetail.class).forEach(api.getComponents()::addSchemas);
			api.getPaths().values().forEach((path) -> path.readOperations().forEach(ApiDescription::complete));
		};
	}

	private static void complete(Operation operation) {
		operation.getResponses().values().stream().map(ApiResponse::getContent).forEach(ApiDescription::dropQuality);
		addProblem(operation);
	}

	// The quality of a media type serves the choice between two methods of a controller.
	private static void dropQuality(Content content) {
		List.copyOf(content.keySet())
			.forEach((type) -> content.addMediaType(type.replaceFirst(";q=.*", ""), content.remove(type)));
	}

	private static void addProblem(Operation operation) {
		Schema<?> schema = new Schema<>().$ref("ProblemDetail");
		operation.getResponses()
			.addApiResponse(ApiResponses.DEFAULT, new ApiResponse().description("A problem (RFC 9457)")
				.content(new Content().addMediaType(PROBLEM, new MediaType().schema(schema))));
	}

}
